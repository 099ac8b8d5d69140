//! Modules about the process and its machine, as far as scripts can see them, and small ones.

use crate::library::Area;

pub(in crate::webapi) static PROCESS: Area = Area {
    source: Some(include_str!("process.js")),
    globals: &["process"],
    specifiers: &["node:process", "process"],
    ..Area::new("node-process")
};

/// `process.env`, and `setEnvironment(variables)`, which the engine's user calls.
pub(in crate::webapi) static ENVIRONMENT: Area =
    Area { source: Some(include_str!("environment.js")), ..Area::new("node-environment") };

pub(in crate::webapi) static OS: Area =
    Area { source: Some(include_str!("os.js")), specifiers: &["node:os", "os"], ..Area::new("node-os") };

pub(in crate::webapi) static TIMERS: Area = Area {
    source: Some(include_str!("timers.js")),
    specifiers: &["node:timers", "timers"],
    ..Area::new("node-timers")
};

pub(in crate::webapi) static TIMERS_PROMISES: Area = Area {
    source: Some(include_str!("timers_promises.js")),
    specifiers: &["node:timers/promises", "timers/promises"],
    ..Area::new("node-timers-promises")
};

pub(in crate::webapi) static STRING_DECODER: Area = Area {
    source: Some(include_str!("string_decoder.js")),
    specifiers: &["node:string_decoder", "string_decoder"],
    ..Area::new("node-string_decoder")
};

pub(in crate::webapi) static PERF_HOOKS: Area = Area {
    source: Some(include_str!("perf_hooks.js")),
    specifiers: &["node:perf_hooks", "perf_hooks"],
    ..Area::new("node-perf_hooks")
};

pub(in crate::webapi) static DIAGNOSTICS_CHANNEL: Area = Area {
    source: Some(include_str!("diagnostics_channel.js")),
    specifiers: &["node:diagnostics_channel", "diagnostics_channel"],
    ..Area::new("node-diagnostics_channel")
};

/// The Web's streams, under another name.
pub(in crate::webapi) static STREAM_WEB: Area = Area {
    source: Some(include_str!("stream_web.js")),
    specifiers: &["node:stream/web", "stream/web"],
    ..Area::new("node-stream-web")
};
