import Glibc

/// The text of the tour.
struct TourGuide: Sendable {
  let ports: TourPorts
  let directory: String
  let gatePid: Int32
  let removesDirectory: Bool
  /// How the reader calls this program: as it was called.
  var program = CommandLine.arguments.first ?? "sluice"
  var styled = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil

  private var site: String { "http://127.0.0.1:\(ports.web)" }
  private var admin: String { "unix:\(directory)/admin.sock" }

  private func heading(_ text: String) -> String { styled ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

  func welcome() -> String {
    let python =
      "import socket,struct;s=socket.create_connection(('127.0.0.1',\(ports.modbus)));"
      + "s.sendall(struct.pack('>HHHBBHH',1,0,6,1,4,0,2));r=s.recv(260);"
      + "print('level',struct.unpack('>H',r[9:11])[0]/100,'%')"
    let digest = "-H 'Content-Digest: sha-256=:Mx/TcTR8ApFxLGd8Qu/urHR8RJmViikcvoOM7dtdwxs=:'"
    return """

      \(heading("Sluice demo: a web app, an API, a line feed and a simulated PLC behind one gate"))

        web and API   \(site)/
        Modbus/TCP    127.0.0.1:\(ports.modbus), unit 1
        line feed     127.0.0.1:\(ports.feed)
        files         \(directory)/  (sluice.yaml, plc.log, gate.log, logs/)

      \(heading("Open"))
        \(site)/
            live values through the API, server-sent events, a WebSocket

      \(heading("Ask the web side"))
        curl -i \(site)/                                         # the page
        curl -i \(site)/api/values                               # the API
        curl -i -H 'X-Edition: next' \(site)/healthz             # a route by header
        curl -i -d '{"level":62.5}' \(site)/api/setpoints        # refused: no content digest
        curl -i \(digest) \\
             -d '{"level":62.5}' \(site)/api/setpoints           # taken
        curl -i \(site)/maintenance                              # 403: not from this address
        curl -i \(site)/nothing                                  # 404
        curl -i \(site)/old                                      # a redirect
        curl -N \(site)/events                                   # server-sent events

      \(heading("Ask the plant"))
        mbpoll -m tcp -p \(ports.modbus) -a 1 -t 3 -0 -r 0 -c 3 -1 127.0.0.1        # level, temperature, inflow
        mbpoll -m tcp -p \(ports.modbus) -a 1 -t 4 -0 -r 100 -1 127.0.0.1 6250      # level setpoint: allowed
        mbpoll -m tcp -p \(ports.modbus) -a 1 -t 4 -0 -r 100 -1 127.0.0.1 9000      # too high: exception 01
        mbpoll -m tcp -p \(ports.modbus) -a 1 -t 4 -0 -r 200 -1 127.0.0.1 7         # safety limit: exception 01
        python3 -c "\(python)"
        curl -N telnet://127.0.0.1:\(ports.feed)                             # plain TCP

      """
  }

  func evidence(_ findings: TourFindings) -> String {
    let post = findings.httpStatus.map { "status \($0)" } ?? "no reply"
    let write = findings.modbusException.map { "exception 0\($0)" } ?? "no exception"
    return """
      \(heading("Refused a moment ago, by this tour"))
        POST /api/setpoints without a digest     \(post)   \(findings.httpID ?? "(no id)")
        Modbus write of 7 to register 200        \(write)   \(findings.modbusID ?? "(its id: see `sluice tap`)")
        the PLC's own log has \(findings.plcRequests) requests, \(findings.plcWrites) of them writes: \(directory)/plc.log

      """
  }

  func explanation(id: String, text: String) -> String {
    let body = text.isEmpty ? "(no explanation yet; try again)" : text
    let indented = body.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
    return "  $ \(program) explain \(id) --admin \(admin)\n" + indented.joined(separator: "\n") + "\n"
  }

  func farewell() -> String {
    let end = removesDirectory ? "removes \(directory)" : "keeps \(directory)"
    return """
      \(heading("See why"))
        \(program) tap --admin \(admin)             # what happens now
        \(program) explain ID --admin \(admin)      # one exchange; every reply has its id
        curl -s --unix-socket \(directory)/admin.sock http://localhost/metrics

      \(heading("Change it"))
        edit \(directory)/sluice.yaml, for instance `values: 0-9500`, then
        \(program) check -c \(directory)/sluice.yaml
        \(program) reload --admin \(admin)          # or: kill -HUP \(gatePid)

      Ctrl-C stops everything and \(end).
      """
  }
}
