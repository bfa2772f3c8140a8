//! The endpoints.

use std::net::TcpStream;
use std::time::Duration;

use trailwarden::config::Config;
use trailwarden::pulse::Pulse as _;
use trailwarden::telemetry::Telemetry;
use trailwarden::telemetry::http::serve;

use super::support::{get, get_json, library, reconcile, request, server, write_policy};

#[test]
fn each_form_has_its_media_type() {
    let (_telemetry, server) = server();
    let plain = get(server.address(), "/metrics");
    assert!(plain.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{}", plain.head);
    assert!(plain.body.contains("# TYPE trailwarden_records_read_total counter\n"), "{}", plain.body);
    let open = request(server.address(), "GET /metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    assert!(open.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{}", open.head);
    assert!(open.body.ends_with("# EOF\n"));
    assert!(open.head.contains("connection: close") && open.head.contains("cache-control: no-store"), "{}", open.head);
}

#[test]
fn only_what_is_there_can_be_asked_for_and_nothing_be_changed() {
    let (_telemetry, server) = server();
    assert_eq!(get(server.address(), "/").status, 404);
    assert_eq!(get(server.address(), "/metrics/../../etc/passwd").status, 404);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        assert_eq!(request(server.address(), &format!("{method} /status"), "Content-Length: 0\r\n").status, 405, "{method}");
    }
    let head = request(server.address(), "HEAD /metrics", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let told = get(server.address(), "/metrics").body;
    assert!(told.contains("trailwarden_http_requests_total{endpoint=\"other\",status=\"405\"} 5"), "{told}");
}

#[test]
fn a_part_that_stands_still_is_named() {
    let (telemetry, server) = server();
    let _moving = telemetry.health().beating("worker-0", Duration::from_secs(600));
    assert_eq!(get_json(server.address(), "/healthz").0, 200);
    let still = telemetry.health().beating("worker-1", Duration::from_millis(50));
    std::thread::sleep(Duration::from_millis(200));
    let (status, alive) = get_json(server.address(), "/healthz");
    assert_eq!((status, &alive["status"]), (503, &"failing".into()));
    assert_eq!(alive["dead"].as_array().unwrap().len(), 1);
    assert_eq!((&alive["dead"][0]["part"], &alive["dead"][0]["state"]), (&"loop:worker-1".into(), &"standing-still".into()));
    still.idle();
    assert_eq!(get_json(server.address(), "/healthz").0, 200);
}

#[test]
fn a_host_is_ready_once_policies_sinks_and_sources_are() {
    let folder = tempfile::tempdir().unwrap();
    write_policy(folder.path(), "storage", |_| ());
    let (telemetry, server) = server();
    let missing = || {
        let (status, ready) = get_json(server.address(), "/readyz");
        let reasons = ready["reasons"].as_array().unwrap();
        assert_eq!(status == 200, reasons.is_empty(), "{ready}");
        reasons.iter().map(|reason| reason["part"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (sink, optional, source) = (telemetry.sink("findings", true), telemetry.sink("extra", false), telemetry.source("folder"));
    assert_eq!(missing(), ["policies", "source:folder", "sink:findings"]);
    reconcile(&mut library(folder.path()), &telemetry).unwrap();
    source.reachable();
    assert_eq!(missing(), ["sink:findings"]);
    sink.open();
    optional.blocked(&"nobody is there");
    assert_eq!(missing(), [""; 0]);
    sink.blocked(&"no space left on device");
    let (status, ready) = get_json(server.address(), "/readyz");
    assert_eq!((status, &ready["reasons"][0]["reason"]), (503, &"no space left on device".into()));
    // What keeps it from being ready is no reason to start it again.
    assert_eq!(get_json(server.address(), "/healthz").0, 200);
    let (_, told) = get_json(server.address(), "/status");
    assert_eq!((&told["sinks"][1]["name"], &told["sinks"][1]["state"]), (&"findings".into(), &"failing".into()));
    assert_eq!((&told["sources"][0]["name"], &told["sources"][0]["state"]), (&"folder".into(), &"ok".into()));
}

#[test]
fn no_setting_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    std::fs::write(&config, "[policies.storage.settings]\ntoken = \"hunter2-of-settings\"\n").unwrap();
    let (telemetry, server) = server();
    telemetry.configured(&Config::load(&config).unwrap());
    let wrong = "[policies.storage]\nmode = \"enforce\"\nsettings = { token = \"hunter2-of-settings\", when = 2024-01-01 }\n";
    telemetry.config_refused(&config, &Config::parse(&config, wrong).unwrap_err());
    let (_, status) = get_json(server.address(), "/status");
    assert!(status["configuration"]["refused"]["reason"].as_str().unwrap().contains("trailwarden.toml:3"), "{status}");
    assert!(status["configuration"]["digest"].as_str().unwrap().starts_with("sha256:"), "{status}");
    for path in ["/status", "/metrics", "/readyz", "/healthz"] {
        assert!(!get(server.address(), path).body.contains("hunter2"), "{path}");
    }
}

#[test]
fn an_address_that_is_taken_is_refused_and_one_that_was_stopped_is_free() {
    let (_telemetry, first) = server();
    let address = first.address();
    let refused = serve(address, Telemetry::new()).unwrap_err().to_string();
    assert!(refused.contains(&address.to_string()) && refused.contains("choose another `listen`"), "{refused}");
    assert!(address.ip().is_loopback());
    first.stop();
    assert!(TcpStream::connect(address).is_err());
    let second = serve(address, Telemetry::new()).unwrap();
    assert_eq!(get(second.address(), "/healthz").status, 200);
}
