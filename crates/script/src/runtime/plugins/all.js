// Every plugin that sends something, loaded together when a project uses the first of them.

export { AuditLogDataStaxProvider, AuditLogPlugin } from "tollgate:runtime-plugins-audit-log";
export { HttpLogPlugin } from "tollgate:runtime-plugins-http-log";
export { AWSLoggingPlugin, GoogleCloudLoggingPlugin } from "tollgate:runtime-plugins-log-clouds";
export { LogPlugin } from "tollgate:runtime-plugins-log-plugin";
export {
  DataDogLoggingPlugin,
  DynaTraceLoggingPlugin,
  LokiLoggingPlugin,
  NewRelicLoggingPlugin,
  SplunkLoggingPlugin,
  SumoLogicLoggingPlugin,
  VMWareLogInsightLoggingPlugin,
} from "tollgate:runtime-plugins-log-vendors";
export {
  DataDogMetricsPlugin,
  DynatraceMetricsPlugin,
  MetricsPlugin,
  NewRelicMetricsPlugin,
  OTelMetricsPlugin,
} from "tollgate:runtime-plugins-metrics";
export {
  AzureBlobPlugin,
  AzureEventHubsRequestLoggerPlugin,
  HydrolixRequestLoggerPlugin,
  RequestLoggerPlugin,
  defaultGenerateHydrolixEntry,
} from "tollgate:runtime-plugins-request-loggers";
