//! Modules about the process and its machine, as far as scripts can see them, and small ones.

use crate::library::Area;

pub(in crate::webapi) static PROCESS: Area =
    Area { globals: &["process"], specifiers: &["node:process", "process"], ..Area::built("node-process") };

/// `process.env`, and `setEnvironment(variables)`, which the engine's user calls.
pub(in crate::webapi) static ENVIRONMENT: Area = Area::built("node-environment");

pub(in crate::webapi) static OS: Area = Area { specifiers: &["node:os", "os"], ..Area::built("node-os") };

pub(in crate::webapi) static TIMERS: Area =
    Area { specifiers: &["node:timers", "timers"], ..Area::built("node-timers") };

pub(in crate::webapi) static TIMERS_PROMISES: Area =
    Area { specifiers: &["node:timers/promises", "timers/promises"], ..Area::built("node-timers-promises") };

pub(in crate::webapi) static STRING_DECODER: Area =
    Area { specifiers: &["node:string_decoder", "string_decoder"], ..Area::built("node-string_decoder") };

pub(in crate::webapi) static PERF_HOOKS: Area =
    Area { specifiers: &["node:perf_hooks", "perf_hooks"], ..Area::built("node-perf_hooks") };

pub(in crate::webapi) static DIAGNOSTICS_CHANNEL: Area = Area {
    specifiers: &["node:diagnostics_channel", "diagnostics_channel"],
    ..Area::built("node-diagnostics_channel")
};

/// The Web's streams, under another name.
pub(in crate::webapi) static STREAM_WEB: Area =
    Area { specifiers: &["node:stream/web", "stream/web"], ..Area::built("node-stream-web") };
