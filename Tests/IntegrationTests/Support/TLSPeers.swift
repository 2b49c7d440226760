import Foundation

/// A conversation of `python3` over TLS.
struct TLSAnswer: Decodable {
  /// The common name of the certificate that was shown.
  var certificate: String?
  /// Everything that came until the end.
  var reply: String?
  /// What went wrong, in OpenSSL's words; an end without close_notify, too.
  var error: String?

  /// The status codes of all replies.
  var statuses: [String] {
    (reply ?? "").components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
  }
}

/// Connects, sends and reads to the end, with Python's own TLS.
///
/// - Parameters:
///   - client: the certificate to show, of `files` or the shared ones.
///   - prefix: bytes in front of the handshake.
///   - count: how many bytes of a reply are enough.
///   - between: a command to run once something came; then it sends all once more.
func pythonTLS(
  _ port: Int, name: String?, send: String, client: String? = nil, of files: TLSFiles? = nil, prefix: [UInt8] = [],
  atMost count: Int = .max, between: [String] = []
) throws -> TLSAnswer {
  try pythonTLS(
    port, name: name, send: Array(send.utf8), client: client, of: files, prefix: prefix, atMost: count,
    between: between)
}

func pythonTLS(
  _ port: Int, name: String?, send: [UInt8], client: String? = nil, of files: TLSFiles? = nil, prefix: [UInt8] = [],
  atMost count: Int = .max, between: [String] = []
) throws -> TLSAnswer {
  let shared = try TLSFiles.shared.get()
  var arguments = [
    "\(port)", name ?? "", shared.path("ca.pem"), client.map((files ?? shared).path) ?? "", hexadecimal(prefix),
    hexadecimal(send), "\(count)",
  ]
  arguments += between
  let script = """
    import json, socket, ssl, subprocess, sys
    port, name, authority, client, prefix, send, count, *between = sys.argv[1:]
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = False
    if client:
      context.load_cert_chain(client + ".pem", client + ".key")
    out = {}
    try:
      plain = socket.create_connection(("127.0.0.1", int(port)), 10)
      plain.sendall(bytes.fromhex(prefix))
      with context.wrap_socket(plain, server_hostname=name or None, suppress_ragged_eofs=False) as tls:
        out["certificate"] = dict(entry[0] for entry in tls.getpeercert()["subject"])["commonName"]
        tls.sendall(bytes.fromhex(send))
        out["reply"] = ""
        while len(out["reply"]) < int(count) and (part := tls.recv(65536)):
          out["reply"] += part.decode("latin-1")
          if between:
            subprocess.run(between, stdout=subprocess.DEVNULL)
            between = None
            tls.sendall(bytes.fromhex(send))
    except OSError as error:
      out["error"] = str(error)
    print(json.dumps(out))
    """
  let result = try ProgramRun.finish("python3", ["-c", script] + arguments)
  guard result.status == 0 else { throw PeerFailure("python3: \(result.errors)") }
  return try JSONDecoder().decode(TLSAnswer.self, from: Data(result.output.utf8))
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

/// One request with `openssl s_client`; the text is all that it printed.
func opensslTLS(_ port: Int, name: String, _ arguments: String...) throws -> String {
  try opensslTLS(port, name: name, arguments)
}

func opensslTLS(_ port: Int, name: String, _ arguments: [String]) throws -> String {
  let files = try TLSFiles.shared.get()
  let request = "GET / HTTP/1.1\\r\\nHost: \(name)\\r\\nConnection: close\\r\\n\\r\\n"
  let client = [
    "openssl", "s_client", "-ign_eof", "-connect", "127.0.0.1:\(port)", "-servername", name, "-CAfile",
    files.path("ca.pem"), "-verify_return_error",
  ]
  let line = (client + arguments).map { "'\($0)'" }.joined(separator: " ")
  let result = try ProgramRun.finish("sh", ["-c", "printf '\(request)' | timeout 10 \(line) 2>&1"])
  return result.output
}

/// A server that speaks TLS with Python's own. It answers every request with `ok NAME` and closes.
final class PythonTLSServer: Sendable {
  enum Ending: String {
    /// With close_notify.
    case clean
    /// Without, and the reply has no length.
    case truncated
  }

  let port: Int
  private let run: ProgramRun

  /// - Parameter clients: the authority whose certificates it wants to see.
  init(_ certificate: String, of files: TLSFiles? = nil, clients: String? = nil, ending: Ending = .clean) throws {
    let shared = try TLSFiles.shared.get()
    let script = """
      import socket, ssl, sys, threading
      certificate, clients, ending = sys.argv[1:]
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(certificate + ".pem", certificate + ".key")
      if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
      def serve(plain):
        try:
          tls = context.wrap_socket(plain, server_side=True)
          tls.recv(65536)
          body = "ok " + certificate.rsplit("/", 1)[1]
          if ending == "truncated":
            tls.sendall(("HTTP/1.1 200 OK\\r\\n\\r\\n" + body).encode())
            socket.socket(fileno=tls.detach()).close()
            return
          head = f"HTTP/1.1 200 OK\\r\\nContent-Length: {len(body)}\\r\\nConnection: close\\r\\n\\r\\n"
          tls.sendall((head + body).encode())
          tls.unwrap().close()
        except OSError:
          plain.close()
      listener = socket.create_server(("127.0.0.1", 0))
      print(listener.getsockname()[1], flush=True)
      while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
      """
    let authority = clients.map { shared.path($0) + ".pem" } ?? ""
    run = try ProgramRun(
      "python3", ["-c", script, (files ?? shared).path(certificate), authority, ending.rawValue])
    let line = try run.output.first { _ in true }
    guard let port = Int(line) else { throw PeerFailure("no port in `\(line)`") }
    self.port = port
  }
}

extension GatewayProcess {
  /// The access log's line of a handshake that failed for this reason, waited for.
  func handshakeFailure(_ reason: String) throws -> [String: JSONText] {
    try logLine { $0["kind"]?.text == "handshake" && $0["failure"]?.text == reason }
  }
}
