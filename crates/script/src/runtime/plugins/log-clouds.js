// Plugins that send the log to a cloud, which wants its requests signed.

import { ConfigurationError } from "tollgate:runtime-errors";
import { signed } from "tollgate:runtime-plugins-aws-signature";
import { privateKey, signedJwt } from "tollgate:runtime-plugins-cloud-crypto";
import { LogPlugin } from "tollgate:runtime-plugins-log-plugin";
import { required, send, sendJson } from "tollgate:runtime-plugins-sending";

/** Amazon CloudWatch Logs: `PutLogEvents`. */
export class AWSLoggingPlugin extends LogPlugin {
  constructor(options) {
    const names = ["region", "accessKeyId", "secretAccessKey", "logGroupName", "logStreamName"];
    super(required("AWSLoggingPlugin", options, names));
  }

  async send(lines) {
    const { region, logGroupName, logStreamName, url = `https://logs.${region}.amazonaws.com/` } = this.options;
    // The service wants them in the order of time.
    const logEvents = lines
      .map(({ time, text, messages, fields }) => ({ timestamp: time, message: JSON.stringify({ ...fields, message: text, messages }) }))
      .sort((a, b) => a.timestamp - b.timestamp);
    const body = JSON.stringify({ logGroupName, logStreamName, logEvents });
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.PutLogEvents" };
    const request = { method: "POST", url, headers, body };
    return send(url, { method: "POST", headers: await signed(request, { ...this.options, service: "logs" }), body });
  }
}

const SEVERITIES = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" };
const GOOGLE = "https://logging.googleapis.com";

/** Google Cloud Logging: `entries.write`, by a token that the service account signs itself. */
export class GoogleCloudLoggingPlugin extends LogPlugin {
  #account;
  #key;
  #token;
  #ends = 0;

  /** @param {{ logName: string, serviceAccountJson: string, url?: string, fields?: object }} options */
  constructor(options) {
    super(required("GoogleCloudLoggingPlugin", options, ["logName", "serviceAccountJson"]));
    try {
      this.#account = JSON.parse(options.serviceAccountJson);
    } catch {
      throw new ConfigurationError("GoogleCloudLoggingPlugin: serviceAccountJson is no JSON");
    }
    required("GoogleCloudLoggingPlugin: serviceAccountJson", this.#account, ["client_email", "private_key", "project_id"]);
  }

  async send(lines) {
    const { logName, url = `${GOOGLE}/v2/entries:write` } = this.options;
    const name = logName.includes("/") ? logName : `projects/${this.#account.project_id}/logs/${encodeURIComponent(logName)}`;
    const entries = lines.map(({ time, level, text, messages, fields }) => ({
      logName: name,
      resource: { type: "global" },
      severity: SEVERITIES[level] ?? "DEFAULT",
      timestamp: new Date(time).toISOString(),
      jsonPayload: { ...fields, message: text, messages },
    }));
    return sendJson(url, { authorization: `Bearer ${await this.#bearer()}` }, { entries });
  }

  async #bearer() {
    const now = Math.floor(Date.now() / 1000);
    if (this.#ends < now + 60) {
      const { client_email: who, private_key: pem, private_key_id: kid } = this.#account;
      this.#key ??= await privateKey(pem);
      const claims = { iss: who, sub: who, aud: `${GOOGLE}/`, iat: now, exp: now + 3600 };
      this.#token = await signedJwt({ kid }, claims, this.#key);
      this.#ends = now + 3600;
    }
    return this.#token;
  }
}
