//! What a process has, for a guest that is none: no environment, no arguments, no folder, no terminal, and an end that is a
//! failure with a reason.

use wasmtime::component::Resource;

use super::Nothing;
use super::bindings::wasi::cli::{
    environment, exit, terminal_input, terminal_output, terminal_stderr, terminal_stdin, terminal_stdout,
};
use crate::engine::error::Stop;
use crate::engine::state::GuestState;

impl environment::Host for GuestState {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl exit::Host for GuestState {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        // A policy that ends itself in the middle of a call has not answered, whatever it says of it.
        Err(Stop::Exited { successfully: status.is_ok() }.into())
    }
}

impl terminal_input::HostTerminalInput for GuestState {
    fn drop(&mut self, _handle: Resource<Nothing>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl terminal_input::Host for GuestState {}

impl terminal_output::HostTerminalOutput for GuestState {
    fn drop(&mut self, _handle: Resource<Nothing>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl terminal_output::Host for GuestState {}

impl terminal_stdin::Host for GuestState {
    fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<Nothing>>> {
        Ok(None)
    }
}

impl terminal_stdout::Host for GuestState {
    fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<Nothing>>> {
        Ok(None)
    }
}

impl terminal_stderr::Host for GuestState {
    fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<Nothing>>> {
        Ok(None)
    }
}
