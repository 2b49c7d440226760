import ArgumentParser
import Control
package import SluiceModel

/// How a subcommand reaches the running gateway.
package struct AdminOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the gateway's admin API listens: unix:PATH, or a loopback address such as 127.0.0.1:9900.",
      valueName: "address"))
  var admin = "unix:run/sluice-admin.sock"

  @Option(
    help: ArgumentHelp(
      "The file with the bearer token, for a loopback address. (default: run/sluice-admin.token)", valueName: "file"))
  var tokenFile: String?

  func validate() throws {
    guard AdminOptions.address(admin) != nil else {
      throw ValidationError(
        "`\(Terminal.safe(admin))` is not an admin address; write `unix:PATH`, or an address such as `127.0.0.1:9900`")
    }
  }

  /// - Throws: `Failure` when the token can't be read.
  func client() throws -> AdminClient {
    guard let address = AdminOptions.address(admin) else { throw ExitCode(ExitStatus.usage) }
    guard case .ip = address else { return AdminClient(address: address) }
    let path = tokenFile ?? AdminConfiguration().tokenFile
    return AdminClient(address: address, token: try AdminCredentials.token(path: path))
  }

  /// `unix:PATH`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `localhost:PORT`.
  package static func address(_ text: String) -> BindAddress? {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      return path.isEmpty ? nil : .unix(path: path)
    }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(digits), (1...65_535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host == "localhost" { host = "127.0.0.1" }
    let bracketed = host.first == "[" && host.last == "]"
    if bracketed { host = host.dropFirst().dropLast() }
    guard let ip = IPAddress(host), bracketed != ip.isV4 else { return nil }
    return .ip(ip, port: port)
  }
}

/// Where output is data, `--json` prints it as JSON.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
}
