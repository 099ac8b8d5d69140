// What most projects do not use: plugins that send something, caches, and work of the background.

import { lazyClass, lazyFunction } from "tollgate:runtime-lazy";

const plugin = (name) => lazyClass("runtime-plugins-all", name);

export const AWSLoggingPlugin = plugin("AWSLoggingPlugin");
export const AuditLogDataStaxProvider = plugin("AuditLogDataStaxProvider");
export const AuditLogPlugin = plugin("AuditLogPlugin");
export const AzureBlobPlugin = plugin("AzureBlobPlugin");
export const AzureEventHubsRequestLoggerPlugin = plugin("AzureEventHubsRequestLoggerPlugin");
export const DataDogLoggingPlugin = plugin("DataDogLoggingPlugin");
export const DataDogMetricsPlugin = plugin("DataDogMetricsPlugin");
export const DatadogMetricsPlugin = DataDogMetricsPlugin;
export const DynaTraceLoggingPlugin = plugin("DynaTraceLoggingPlugin");
export const DynatraceMetricsPlugin = plugin("DynatraceMetricsPlugin");
export const GoogleCloudLoggingPlugin = plugin("GoogleCloudLoggingPlugin");
export const HttpLogPlugin = plugin("HttpLogPlugin");
export const HydrolixRequestLoggerPlugin = plugin("HydrolixRequestLoggerPlugin");
export const LogPlugin = plugin("LogPlugin");
export const LokiLoggingPlugin = plugin("LokiLoggingPlugin");
export const MetricsPlugin = plugin("MetricsPlugin");
export const NewRelicLoggingPlugin = plugin("NewRelicLoggingPlugin");
export const NewRelicMetricsPlugin = plugin("NewRelicMetricsPlugin");
export const OTelMetricsPlugin = plugin("OTelMetricsPlugin");
export const RequestLoggerPlugin = plugin("RequestLoggerPlugin");
export const SplunkLoggingPlugin = plugin("SplunkLoggingPlugin");
export const SumoLogicLoggingPlugin = plugin("SumoLogicLoggingPlugin");
export const VMWareLogInsightLoggingPlugin = plugin("VMWareLogInsightLoggingPlugin");
export const VMwareLogInsightLoggingPlugin = VMWareLogInsightLoggingPlugin;
export const defaultGenerateHydrolixEntry = lazyFunction("runtime-plugins-all", "defaultGenerateHydrolixEntry");

export const BackgroundDispatchError = lazyClass("runtime-background", "BackgroundDispatchError");
export const BackgroundDispatcher = lazyClass("runtime-background", "BackgroundDispatcher");
export const BackgroundLoader = lazyClass("runtime-background", "BackgroundLoader");
export const MemoryZoneReadThroughCache = lazyClass("runtime-zone-cache", "MemoryZoneReadThroughCache");
export const StreamingZoneCache = lazyClass("runtime-zone-cache", "StreamingZoneCache");
export const ZoneCache = lazyClass("runtime-zone-cache", "ZoneCache");
