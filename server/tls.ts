/**
 * TLS settings: what they come to for Deno.listenTls, and what of them it cannot honour.
 *
 * The runtime's TLS is rustls: TLS 1.2 and 1.3 with ciphers of its own choice, certificates and keys as PEM text, and no way to ask a
 * client for a certificate. A setting that would make a connection safer and cannot be obeyed stops the server, since somebody
 * relies on it; see docs/differences.md.
 */

import { messageOf } from "../util/errors.ts";
import type { Config } from "./config.ts";
import type { Socket } from "./channel.ts";
import { joinPath, SystemError } from "./config_host.ts";

/** What a TLS listener is opened with: PEM texts. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
}

/** What a primary is followed with: whom to trust, and who we are. */
export interface TlsTrust extends TlsCredentials {
  readonly caCerts: string[];
}

/** The settings that TLS listeners depend on. */
export const TLS_SETTINGS: readonly string[] = [
  "tls-port",
  "tls-cert-file",
  "tls-key-file",
  "tls-key-file-pass",
  "tls-dh-params-file",
  "tls-ca-cert-file",
  "tls-ca-cert-dir",
  "tls-protocols",
  "tls-ciphers",
  "tls-ciphersuites",
  "tls-prefer-server-ciphers",
  "tls-auth-clients",
  "tls-replication",
  "tls-cluster",
];

/** The credentials that the settings name, or in one sentence for the log why TLS cannot be had. */
export function tlsCredentials(config: Config): TlsCredentials | string {
  const { tlsCertFile, tlsKeyFile, tlsCaCertFile, tlsCaCertDir, tlsAuthClients } = config;
  if (config.tlsCluster) return "tls-cluster is not supported: this server has no cluster bus";
  if (tlsCertFile === "") return "No tls-cert-file configured!";
  if (tlsKeyFile === "") return "No tls-key-file configured!";
  const needsCa = config.tlsReplication || tlsAuthClients !== "no";
  if (needsCa && tlsCaCertFile === "" && tlsCaCertDir === "") {
    return "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!";
  }
  const unsupported = unsupportedSetting(config);
  if (unsupported !== undefined) return unsupported;
  const cert = readPem(config, "certificate", tlsCertFile);
  if (!cert.found) return cert.text;
  const key = readPem(config, "private key", tlsKeyFile);
  if (!key.found) return key.text;
  if (tlsCaCertFile !== "") {
    const ca = readPem(config, "CA certificate(s)", tlsCaCertFile);
    if (!ca.found) return ca.text;
  }
  const credentials = { cert: cert.text, key: key.text };
  return faultOf(credentials, tlsCertFile) ?? credentials;
}

/** The certificates for a link to a primary, read anew for each. Throws an Error for the log. */
export function tlsTrust(config: Config): TlsTrust {
  const { tlsCertFile, tlsKeyFile, tlsClientCertFile, tlsClientKeyFile } = config;
  const read = (what: string, file: string): string => {
    const pem = readPem(config, what, file);
    if (!pem.found) throw new Error(pem.text);
    return pem.text;
  };
  return {
    caCerts: [read("CA certificate(s)", config.tlsCaCertFile)],
    cert: read("certificate", tlsClientCertFile || tlsCertFile),
    key: read("private key", tlsClientCertFile === "" ? tlsKeyFile : tlsClientKeyFile),
  };
}

function unsupportedSetting(config: Config): string | undefined {
  if (config.tlsReplication && config.tlsCaCertFile === "") {
    return "tls-ca-cert-dir is not supported for tls-replication: name the file in tls-ca-cert-file";
  }
  if (config.tlsReplication && config.tlsClientKeyFilePass !== "") {
    return "tls-client-key-file-pass is not supported: the private key must not be encrypted";
  }
  if (config.tlsPort !== 0 && config.tlsAuthClients === "yes") {
    return "tls-auth-clients yes is not supported: this runtime cannot verify certificates of clients. " +
      "Set it to no (or optional) and let clients authenticate with AUTH.";
  }
  if (config.tlsKeyFilePass !== "") {
    return "tls-key-file-pass is not supported: the private key must not be encrypted";
  }
  const protocols = config.tlsProtocols.toLowerCase().split(/\s+/).filter((word) => word !== "").sort().join(
    " ",
  );
  if (protocols !== "" && protocols !== "tlsv1.2 tlsv1.3") {
    return 'tls-protocols is not supported but for "TLSv1.2 TLSv1.3": this runtime always offers both';
  }
  if (config.tlsCiphers !== "" || config.tlsCiphersuites !== "" || config.tlsPreferServerCiphers) {
    return "tls-ciphers, tls-ciphersuites and tls-prefer-server-ciphers are not supported: this runtime chooses the ciphers";
  }
  if (config.tlsDhParamsFile !== "") {
    return "tls-dh-params-file is not supported: this runtime uses elliptic curves only";
  }
  return undefined;
}

/** The content of a PEM file, or why it cannot be read. */
function readPem(config: Config, what: string, file: string): { found: boolean; text: string } {
  try {
    return { found: true, text: config.host.readFile(joinPath(config.dir, file)) };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { found: false, text: `Failed to load ${what}: ${file}: ${error.message}` };
  }
}

/** Tries the credentials on a listener that nobody will find: the runtime checks them there and nowhere else. */
function faultOf(credentials: TlsCredentials, file: string): string | undefined {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...credentials }).close();
    return undefined;
  } catch (error) {
    return `Failed to load certificate: ${file}: ${messageOf(error)}`;
  }
}

/**
 * A TLS connection as the rest of the server knows connections. Clients leave without the farewell that TLS has for it, and some
 * speak no TLS at all: both are the end of a connection and no fault.
 */
export class TlsSocket implements Socket {
  readonly #conn: Socket;
  readonly #note: (line: string) => void;

  /** @param note takes lines for the log */
  constructor(conn: Socket, note: (line: string) => void) {
    this.#conn = conn;
    this.#note = note;
  }

  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#conn.read(into);
    } catch (error) {
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      if (!(error instanceof Deno.errors.InvalidData)) throw error;
      this.#note(`Error accepting a client connection: ${error.message}`);
      return null;
    }
  }

  async write(data: Uint8Array): Promise<number> {
    try {
      return await this.#conn.write(data);
    } catch (error) {
      if (error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.InvalidData) {
        throw new Deno.errors.ConnectionReset(error.message);
      }
      throw error;
    }
  }

  async closeWrite(): Promise<void> {
    await this.#conn.closeWrite?.();
  }

  close(): void {
    this.#conn.close();
  }
}
