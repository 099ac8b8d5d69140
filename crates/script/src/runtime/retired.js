// Names that old projects import: importing them is no mistake, using them is one.

import { inboundPolicy } from "tollgate:runtime-built-in";
import { notAvailable } from "tollgate:runtime-not-available";

export const AkamaiApiSecurityPlugin = notAvailable("AkamaiApiSecurityPlugin");
export const KeyValueStore = notAvailable("KeyValueStore");
export const LogRequestResponseInboundPolicy = inboundPolicy("LogRequestResponseInboundPolicy");
export const ResponseFactory = notAvailable("ResponseFactory");
export const StripeMonetizationPlugin = notAvailable("StripeMonetizationPlugin");
export const SystemResponse = notAvailable("SystemResponse");
