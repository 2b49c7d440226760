import SluiceModel

/// Addresses to listen on and to connect to.
enum Addresses {
  static func parse(_ text: String, ports: ClosedRange<Int>) throws(ScalarProblem) -> BindAddress {
    if text.hasPrefix("unix:") { return .unix(path: try socketPath(text)) }
    guard let colon = text.lastIndex(of: ":") else {
      throw ScalarProblem("address \(quoted(text)) has no port", hint: "write `ADDRESS:PORT` or `unix:PATH`")
    }
    var host = text[..<colon]
    let bracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
    if bracketed { host = host.dropFirst().dropLast() }
    guard let address = IPAddress(host), bracketed == host.contains(":") else {
      throw ScalarProblem(
        "\(quoted(String(text[..<colon]))) is no IP address", hint: hint(host, text[text.index(after: colon)...]))
    }
    let port = try portNumber(text[text.index(after: colon)...], ports)
    return .ip(address, port: port)
  }

  static func range(_ text: String) throws(ScalarProblem) -> AddressRange {
    if let range = AddressRange(text) { return range }
    throw ScalarProblem(
      "\(quoted(text)) is no address or block of addresses",
      hint: "write `10.0.0.0/8`, `2001:db8::/32` or `10.0.0.7`; bits behind the prefix must be zero")
  }

  /// Whether only this machine can reach the address.
  static func isLocal(_ address: BindAddress) -> Bool {
    guard case .ip(let ip, _) = address else { return true }
    return ip.isV4 ? (ip.low >> 24) & 0xff == 127 : ip.high == 0 && ip.low == 1
  }

  private static func portNumber(_ text: Substring, _ ports: ClosedRange<Int>) throws(ScalarProblem) -> Int {
    guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy(\.isASCIIDigit), let port = Int(text),
      ports.contains(port)
    else {
      throw ScalarProblem(
        "\(quoted(String(text))) is no port", hint: "write a number from \(ports.lowerBound) to \(ports.upperBound)")
    }
    return port
  }

  private static func socketPath(_ text: String) throws(ScalarProblem) -> String {
    let path = text.dropFirst(5)
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ScalarProblem("\(quoted(text)) names no socket", hint: "write `unix:PATH`")
    }
    guard path.utf8.count <= 107 else {
      throw ScalarProblem("the path of socket \(quoted(text)) is longer than the system's 107 bytes")
    }
    return String(path)
  }

  private static func hint(_ host: Substring, _ port: Substring) -> String {
    let port = printable(String(port))
    return switch host {
    case "", "*": "write `0.0.0.0:\(port)`, or `[::]:\(port)` for IPv6"
    case "localhost": "write `127.0.0.1:\(port)`"
    default:
      host.contains(":")
        ? "write an IPv6 address in brackets: `[::1]:\(port)`"
        : "names are not resolved; write an IP address and a port, such as `10.0.2.10:8080`"
    }
  }
}
