import NIOCore
import SluiceModel
import Wire

/// Writes the head that an upstream receives: built from what was understood, never the client's bytes as a whole.
enum RequestWriter {
  /// Fields that are kept as they came; all others that the gate knows are written anew.
  private static let kept = FieldPolicy(keeping: [.date])
  private static let keptWithoutUnderscores: FieldPolicy = {
    var policy = kept
    policy.keepsUnderscores = false
    return policy
  }()

  static func write(
    _ exchange: Exchange, listener: ListenerRuntime, peer: PeerFields, scratch out: inout [UInt8]
  ) {
    out.removeAll(keepingCapacity: true)
    let received = exchange.requestBytes
    let bytes = received.span
    out.append(bytes, 0..<exchange.request.methodLength)
    out.append(0x20)
    writeTarget(exchange, bytes, into: &out)
    out.append(" HTTP/1.1\r\nHost: ")
    if let host = exchange.route?.rewriteHost {
      out.append(host.span)
    } else {
      out.append(bytes, exchange.request.authorityRange)
    }
    out.append("\r\n")
    exchange.request.section.copy(
      bytes, into: &out, policy: listener.configuration.underscoresInHeaders ? kept : keptWithoutUnderscores,
      edits: exchange.requestEdits)
    writeFraming(exchange, into: &out)
    if exchange.request.expectsContinue, exchange.requestHold == .none { out.append("Expect: 100-continue\r\n") }
    if exchange.isWebSocket { out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n") }
    ForwardedFor.write(exchange, peer: peer, into: &out)
    out.append("X-Request-Id: ")
    out.append(exchange.idText.span)
    out.append("\r\n\r\n")
  }

  private static func writeTarget(_ exchange: Exchange, _ bytes: Span<UInt8>, into out: inout [UInt8]) {
    if exchange.request.isAsterisk {
      out.append(0x2a)
      return
    }
    let pathRange = exchange.request.pathRange
    let targetRange = exchange.request.targetRange
    guard exchange.normalizedPath != nil || exchange.route?.rewritePath != nil else {
      out.append(bytes, targetRange)
      return
    }
    var path = exchange.normalizedPath ?? Array(exchange.requestBytes[pathRange])
    if let rewrite = exchange.route?.rewritePath {
      var rest = path[min(exchange.matchedPathLength, path.count)...]
      if rewrite.last == 0x2f, rest.first == 0x2f { rest = rest.dropFirst() }
      path = rewrite + rest
      if path.first != 0x2f { path.insert(0x2f, at: 0) }
    }
    out.append(path.span)
    out.append(bytes, pathRange.upperBound..<targetRange.upperBound)
  }

  private static func writeFraming(_ exchange: Exchange, into out: inout [UInt8]) {
    if exchange.requestHold == .whole, let body = exchange.bufferedBody {
      out.append("Content-Length: ")
      out.appendDecimal(body.readableBytes)
      out.append("\r\n")
    } else if exchange.request.section.isChunked {
      out.append("Transfer-Encoding: chunked\r\n")
    } else if let length = exchange.request.section.contentLength {
      out.append("Content-Length: ")
      out.appendDecimal(length)
      out.append("\r\n")
    }
  }
}

/// Where a redirect points (Gateway API `HTTPRequestRedirectFilter`).
enum Redirect {
  static func location(_ redirect: RedirectConfiguration, exchange: Exchange) -> String {
    let request = exchange.request
    let bytes = exchange.requestBytes
    let query = String(decoding: bytes[request.pathRange.upperBound..<request.targetRange.upperBound], as: UTF8.self)
    let path = (redirect.path ?? exchange.path) + query
    guard redirect.scheme != nil || redirect.host != nil || redirect.port != nil else { return path }
    let scheme = redirect.scheme ?? "http"
    let host = redirect.host ?? String(decoding: bytes[request.hostRange], as: UTF8.self)
    let isDefault =
      redirect.port == nil || (scheme == "http" && redirect.port == 80) || (scheme == "https" && redirect.port == 443)
    return "\(scheme)://\(host)\(isDefault ? "" : ":\(redirect.port ?? 0)")\(path)"
  }
}
