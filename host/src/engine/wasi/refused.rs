//! Files and sockets, by name only.
//!
//! The C library below an interpreter imports all of these whether the policy opens anything or not, so refusing the import
//! would refuse the language. There is no folder to begin at, and making a socket or looking up a name is answered with
//! `access-denied`, which a library turns into its ordinary exception. Everything else needs a handle that nobody can have; a
//! guest that called it nevertheless is stopped with the function's name.

use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType, Val};

use super::{Network, Nothing};
use crate::engine::error::Stop;
use crate::engine::state::GuestState;

/// The version under which they are linked; the linker takes it for every other 0.2 as well.
const VERSION: &str = "0.2.0";

/// An interface of which every function needs a handle that no guest has.
struct Refused {
    interface: &'static str,
    resources: &'static [&'static str],
    functions: &'static [&'static str],
    /// Methods, by their resource.
    methods: &'static [(&'static str, &'static [&'static str])],
}

const REFUSED: [Refused; 5] = [
    Refused {
        interface: "wasi:filesystem/types",
        resources: &["descriptor", "directory-entry-stream"],
        functions: &["filesystem-error-code"],
        methods: &[("descriptor", DESCRIPTOR), ("directory-entry-stream", &["read-directory-entry"])],
    },
    Refused { interface: "wasi:sockets/network", resources: &[], functions: &["network-error-code"], methods: &[] },
    Refused {
        interface: "wasi:sockets/ip-name-lookup",
        resources: &["resolve-address-stream"],
        functions: &[],
        methods: &[("resolve-address-stream", &["resolve-next-address", "subscribe"])],
    },
    Refused { interface: "wasi:sockets/tcp", resources: &["tcp-socket"], functions: &[], methods: &[("tcp-socket", TCP_SOCKET)] },
    Refused {
        interface: "wasi:sockets/udp",
        resources: &["udp-socket", "incoming-datagram-stream", "outgoing-datagram-stream"],
        functions: &[],
        methods: &[
            ("udp-socket", UDP_SOCKET),
            ("incoming-datagram-stream", &["receive", "subscribe"]),
            ("outgoing-datagram-stream", &["check-send", "send", "subscribe"]),
        ],
    },
];

/// Functions that a guest can call without having anything, and that have an error for it.
const DENIED: [(&str, &str); 3] = [
    ("wasi:sockets/ip-name-lookup", "resolve-addresses"),
    ("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    ("wasi:sockets/udp-create-socket", "create-udp-socket"),
];

/// Methods of `descriptor` (<https://github.com/WebAssembly/wasi-filesystem/blob/main/wit/types.wit>).
#[rustfmt::skip]
const DESCRIPTOR: &[&str] = &[
    "advise", "append-via-stream", "create-directory-at", "get-flags", "get-type", "is-same-object", "link-at", "metadata-hash",
    "metadata-hash-at", "open-at", "read", "read-directory", "read-via-stream", "readlink-at", "remove-directory-at", "rename-at",
    "set-size", "set-times", "set-times-at", "stat", "stat-at", "symlink-at", "sync", "sync-data", "unlink-file-at", "write",
    "write-via-stream",
];

/// Methods of `tcp-socket` (<https://github.com/WebAssembly/wasi-sockets/blob/main/wit/tcp.wit>).
#[rustfmt::skip]
const TCP_SOCKET: &[&str] = &[
    "accept", "address-family", "finish-bind", "finish-connect", "finish-listen", "hop-limit", "is-listening", "keep-alive-count",
    "keep-alive-enabled", "keep-alive-idle-time", "keep-alive-interval", "local-address", "receive-buffer-size", "remote-address",
    "send-buffer-size", "set-hop-limit", "set-keep-alive-count", "set-keep-alive-enabled", "set-keep-alive-idle-time",
    "set-keep-alive-interval", "set-listen-backlog-size", "set-receive-buffer-size", "set-send-buffer-size", "shutdown",
    "start-bind", "start-connect", "start-listen", "subscribe",
];

/// Methods of `udp-socket` (<https://github.com/WebAssembly/wasi-sockets/blob/main/wit/udp.wit>).
#[rustfmt::skip]
const UDP_SOCKET: &[&str] = &[
    "address-family", "finish-bind", "local-address", "receive-buffer-size", "remote-address", "send-buffer-size",
    "set-receive-buffer-size", "set-send-buffer-size", "set-unicast-hop-limit", "start-bind", "stream", "subscribe",
    "unicast-hop-limit",
];

/// Gives a network in which nothing is found, since a name can only be looked up in one.
const INSTANCE_NETWORK: &str = "wasi:sockets/instance-network";
/// Gives no folder to begin at.
const PREOPENS: &str = "wasi:filesystem/preopens";

/// Every interface that is linked here.
#[cfg(test)]
pub(super) fn interfaces() -> impl Iterator<Item = &'static str> {
    let refused = REFUSED.iter().map(|refused| refused.interface);
    refused.chain(DENIED.iter().map(|(interface, _)| *interface)).chain([INSTANCE_NETWORK, PREOPENS])
}

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    for refused in REFUSED {
        let mut instance = linker.instance(&versioned(refused.interface))?;
        for resource in refused.resources {
            instance.resource(resource, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
        }
        for function in refused.functions {
            refuse(&mut instance, refused.interface, function)?;
        }
        for (resource, methods) in refused.methods {
            for method in *methods {
                refuse(&mut instance, refused.interface, &format!("[method]{resource}.{method}"))?;
            }
        }
    }
    for (interface, function) in DENIED {
        linker.instance(&versioned(interface))?.func_new(function, |mut store, _, arguments, results| {
            // A handle that was lent has to be given back before the call ends.
            for argument in arguments {
                if let Val::Resource(lent) = argument {
                    lent.resource_drop(&mut store)?;
                }
            }
            let denied = Val::Enum("access-denied".to_owned());
            results.fill(Val::Result(Err(Some(Box::new(denied)))));
            Ok(())
        })?;
    }
    // A name can only be looked up in a network, and this function has no error: so a network is given, in which none is found.
    linker.instance(&versioned("wasi:sockets/network"))?.resource(
        "network",
        ResourceType::host::<Network>(),
        |mut store, _| {
            store.data_mut().handle_dropped();
            Ok(())
        },
    )?;
    linker.instance(&versioned(INSTANCE_NETWORK))?.func_wrap("instance-network", |mut store, (): ()| {
        let network: Resource<Network> = store.data_mut().hand_out(0)?;
        Ok((network,))
    })?;
    linker.instance(&versioned(PREOPENS))?.func_new("get-directories", |_, _, _, results| {
        results.fill(Val::List(Vec::new()));
        Ok(())
    })
}

fn refuse(instance: &mut LinkerInstance<'_, GuestState>, interface: &str, function: &str) -> wasmtime::Result<()> {
    let name = format!("{interface} {function}");
    instance.func_new(function, move |_, _, _, _| Err(Stop::NotGiven { function: name.clone() }.into()))
}

fn versioned(interface: &str) -> String {
    format!("{interface}@{VERSION}")
}
