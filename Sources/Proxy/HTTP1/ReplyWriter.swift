import SluiceModel
import Wire

/// Writes the head that a client receives.
enum ReplyWriter {
  private static let kept = FieldPolicy(keeping: [
    .date, .via, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xRealIP, .host,
    .expect,
  ])

  /// How the reply is framed towards the client.
  struct Plan {
    var framing: BodyFraming
    var framesChunks: Bool
    var closes: Bool
  }

  static func plan(_ exchange: Exchange, closes: Bool) -> Plan {
    let isHead = exchange.request.method == .head
    let framing = exchange.reply.framing(toHead: isHead)
    switch framing {
    case .none, .length: return Plan(framing: framing, framesChunks: false, closes: closes)
    case .chunked, .untilClose:
      // HTTP/1.0 has no chunks: the end of the connection ends the body.
      let chunks = exchange.request.minorVersion == 1
      return Plan(framing: framing, framesChunks: chunks, closes: closes || !chunks)
    }
  }

  static func write(_ exchange: Exchange, plan: Plan, date: [UInt8], scratch out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    let received = exchange.replyBytes
    let bytes = received.span
    writeStatusLine(exchange, bytes, into: &out)
    exchange.reply.section.copy(bytes, into: &out, policy: kept, edits: exchange.replyEdits)
    switch plan.framing {
    case .length(let length): appendLength(length, into: &out)
    case .chunked, .untilClose: if plan.framesChunks { out.append("Transfer-Encoding: chunked\r\n") }
    case .none: writeBodilessFraming(exchange, into: &out)
    }
    if !exchange.reply.section.hasDate {
      out.append("Date: ")
      out.append(date.span)
      out.append("\r\n")
    }
    writeEnd(exchange, closes: plan.closes, into: &out)
  }

  /// The length of a body that is not sent is told for HEAD and 304, and never for 1xx and 204 (RFC 9110 §8.6).
  private static func writeBodilessFraming(_ exchange: Exchange, into out: inout [UInt8]) {
    let reply = exchange.reply
    guard reply.status != 204 else { return }
    if let length = reply.section.contentLength {
      appendLength(length, into: &out)
    } else if reply.section.isChunked, exchange.request.method == .head, exchange.request.minorVersion == 1 {
      out.append("Transfer-Encoding: chunked\r\n")
    }
  }

  private static func appendLength(_ length: Int, into out: inout [UInt8]) {
    out.append("Content-Length: ")
    out.appendDecimal(length)
    out.append("\r\n")
  }

  private static func writeStatusLine(_ exchange: Exchange, _ bytes: Span<UInt8>, into out: inout [UInt8]) {
    out.append("HTTP/1.1 ")
    out.appendDecimal(exchange.reply.status)
    out.append(0x20)
    out.append(bytes, exchange.reply.reasonRange)
    out.append("\r\n")
  }

  private static func writeEnd(_ exchange: Exchange, closes: Bool, into out: inout [UInt8]) {
    if closes {
      out.append("Connection: close\r\n")
    } else if exchange.request.minorVersion == 0 {
      out.append("Connection: keep-alive\r\n")
    }
    out.append("X-Request-Id: ")
    out.append(exchange.idText.span)
    out.append("\r\n\r\n")
  }

  static func writeInterim(_ exchange: Exchange, scratch out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    let received = exchange.replyBytes
    let bytes = received.span
    writeStatusLine(exchange, bytes, into: &out)
    exchange.reply.section.copy(bytes, into: &out, policy: kept, edits: FieldEdits())
    out.append("\r\n")
  }

  static func switchesToWebSocket(_ exchange: Exchange) -> Bool {
    guard let index = exchange.reply.section.upgradeIndex else { return false }
    let value = exchange.reply.fields[index].valueRange
    return String(decoding: exchange.replyBytes[value], as: UTF8.self).lowercased() == "websocket"
  }

  static func writeSwitch(_ exchange: Exchange, scratch out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    let received = exchange.replyBytes
    let bytes = received.span
    writeStatusLine(exchange, bytes, into: &out)
    exchange.reply.section.copy(bytes, into: &out, policy: kept, edits: exchange.replyEdits)
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\nX-Request-Id: ")
    out.append(exchange.idText.span)
    out.append("\r\n\r\n")
  }

  static func writeLocal(
    _ reply: LocalReply, _ exchange: Exchange, closes: Bool, date: [UInt8], scratch out: inout [UInt8]
  ) {
    let wantsHTML = exchange.requestHeader("accept")?.contains("text/html") ?? false
    let (type, body) = reply.render(id: exchange.id, html: wantsHTML)
    out.removeAll(keepingCapacity: true)
    out.append("HTTP/1.1 ")
    out.appendDecimal(reply.status)
    out.append(0x20)
    out.append(LocalReply.phrase(reply.status))
    out.append("\r\nDate: ")
    out.append(date.span)
    let hasBody = reply.status != 204 && reply.status != 304
    if hasBody {
      out.append("\r\nContent-Type: ")
      out.append(contentsOf: type.utf8)
      out.append("\r\nContent-Length: ")
      out.appendDecimal(body.count)
    }
    out.append("\r\n")
    for header in reply.headers {
      out.append(contentsOf: header.name.utf8)
      out.append(": ")
      out.append(contentsOf: header.value.utf8)
      out.append("\r\n")
    }
    writeEnd(exchange, closes: closes, into: &out)
    if hasBody, exchange.request.method != .head { out.append(body.span) }
  }
}
