import SluiceModel
import Wire

/// Who sent the request: `Forwarded` (RFC 7239) and `X-Forwarded-*`, believed from trusted proxies only.
enum ForwardedFor {
  /// The client that the trusted proxies before us name: walking back from the peer, the first address that isn't trusted.
  /// - Returns: nil when the peer isn't trusted.
  static func client(_ exchange: Exchange, peer: IPAddress, trusted: [AddressRange]) -> IPAddress? {
    guard !trusted.isEmpty, trusted.contains(where: { $0.contains(peer) }) else { return nil }
    guard exchange.request.section.hasForwarding else { return peer }
    var client = peer
    for hop in hops(exchange).reversed() {
      guard let address = IPAddress(hop) else { break }
      client = address
      if !trusted.contains(where: { $0.contains(address) }) { break }
    }
    return client
  }

  /// The addresses of the hops, the client first. `X-Forwarded-For` wins over `Forwarded` when both are there, as it is
  /// what most proxies keep.
  private static func hops(_ exchange: Exchange) -> [String] {
    let list = exchange.requestHeaders("x-forwarded-for")
    if !list.isEmpty {
      return list.flatMap { $0.split(separator: ",") }.suffix(64).map { stripped(trimmed($0)) }
    }
    return exchange.requestHeaders("forwarded").flatMap { $0.split(separator: ",") }.suffix(64).compactMap { element in
      for pair in element.split(separator: ";") {
        let text = trimmed(pair)
        if text.lowercased().hasPrefix("for=") { return stripped(String(text.dropFirst(4))) }
      }
      return nil
    }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var bytes = Substring(text)
    while let first = bytes.first, first == " " || first == "\t" { bytes.removeFirst() }
    while let last = bytes.last, last == " " || last == "\t" { bytes.removeLast() }
    return String(bytes)
  }

  /// Without quotes, brackets and port.
  private static func stripped(_ text: String) -> String {
    var text = text
    if text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 { text = String(text.dropFirst().dropLast()) }
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return String(text[text.index(after: text.startIndex)..<end])
    }
    if text.filter({ $0 == ":" }).count == 1, let colon = text.firstIndex(of: ":") { return String(text[..<colon]) }
    return text
  }

  /// Appends the forwarding fields: what a trusted peer said, with the peer added; else the peer alone.
  static func write(_ exchange: Exchange, peer: PeerFields, into out: inout [UInt8]) {
    let isPlain =
      !(exchange.isPeerTrusted && exchange.request.section.hasForwarding) && !exchange.request.section.hasVia
    guard isPlain, exchange.request.minorVersion == 1 else {
      writeWithHistory(exchange, peer: peer, into: &out)
      return
    }
    let received = exchange.requestBytes
    let bytes = received.span
    out.append(peer.untilHost.span)
    out.append(bytes, exchange.request.authorityRange)
    out.append(peer.untilForwardedHost.span)
    out.append(bytes, exchange.request.authorityRange)
    out.append(peer.isEncrypted ? "\";proto=https\r\nVia: 1.1 sluice\r\n" : "\";proto=http\r\nVia: 1.1 sluice\r\n")
  }

  private static func writeWithHistory(_ exchange: Exchange, peer: PeerFields, into out: inout [UInt8]) {
    let peerText = peer.text
    let believed = exchange.isPeerTrusted && exchange.request.section.hasForwarding
    let before = believed ? exchange.requestHeaders("x-forwarded-for").joined(separator: ", ") : ""
    out.append("X-Forwarded-For: ")
    if !before.isEmpty {
      out.append(contentsOf: before.utf8)
      out.append(", ")
    }
    out.append(peerText.span)
    out.append("\r\nX-Forwarded-Proto: ")
    if believed, let scheme = exchange.requestHeader("x-forwarded-proto") {
      out.append(contentsOf: scheme.utf8)
    } else {
      out.append(peer.isEncrypted ? "https" : "http")
    }
    let received = exchange.requestBytes
    let bytes = received.span
    let authority = exchange.request.authorityRange
    out.append("\r\nX-Forwarded-Host: ")
    if believed, let host = exchange.requestHeader("x-forwarded-host") {
      out.append(contentsOf: host.utf8)
    } else {
      out.append(bytes, authority)
    }
    out.append("\r\nForwarded: ")
    if believed {
      for element in exchange.requestHeaders("forwarded") {
        out.append(contentsOf: element.utf8)
        out.append(", ")
      }
    }
    out.append("for=")
    let isV6 = peerText.contains(0x3a)
    out.append(isV6 ? "\"[" : "")
    out.append(peerText.span)
    out.append(isV6 ? "]\"" : "")
    out.append(";host=\"")
    out.append(bytes, authority)
    out.append(peer.isEncrypted ? "\";proto=https\r\nVia: " : "\";proto=http\r\nVia: ")
    for hop in exchange.viaHops {
      out.append(contentsOf: hop.utf8)
      out.append(", ")
    }
    out.append("1.")
    out.append(0x30 &+ UInt8(truncatingIfNeeded: exchange.request.minorVersion))
    out.append(" sluice\r\n")
  }
}

extension Exchange {
  /// The proxies that `Via` names so far.
  fileprivate var viaHops: [String] {
    request.section.hasVia ? requestHeaders("via") : []
  }
}

/// What the forwarding fields say of a peer, put together once a connection.
struct PeerFields {
  let text: [UInt8]
  let isEncrypted: Bool
  fileprivate let untilHost: [UInt8]
  fileprivate let untilForwardedHost: [UInt8]

  init(_ peer: IPAddress, isEncrypted: Bool) {
    self.isEncrypted = isEncrypted
    let address = peer.text
    let digits = address.bytes.span.extracting(0..<address.count)
    var text: [UInt8] = []
    text.append(digits)
    self.text = text
    var host: [UInt8] = []
    host.reserveCapacity(96)
    host.append("X-Forwarded-For: ")
    host.append(digits)
    host.append(isEncrypted ? "\r\nX-Forwarded-Proto: https" : "\r\nX-Forwarded-Proto: http")
    host.append("\r\nX-Forwarded-Host: ")
    untilHost = host
    var node: [UInt8] = []
    node.reserveCapacity(80)
    node.append(peer.isV4 ? "\r\nForwarded: for=" : "\r\nForwarded: for=\"[")
    node.append(digits)
    node.append(peer.isV4 ? ";host=\"" : "]\";host=\"")
    untilForwardedHost = node
  }
}
