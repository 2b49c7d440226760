import Wire
public import SluiceModel

/// A reply that the gate makes itself: short, with the exchange's id, without internal detail.
public struct LocalReply: Sendable {
  public var status: Int
  /// One plain sentence for the client.
  public var detail: String
  public var headers: [HeaderSetting]
  /// The whole body and its type, when it is not a problem report.
  public var content: (type: String, body: [UInt8])?

  public init(status: Int, detail: String, headers: [HeaderSetting] = [], content: (type: String, body: [UInt8])? = nil)
  {
    self.status = status
    self.detail = detail
    self.headers = headers
    self.content = content
  }

  /// The reason phrase of a status (RFC 9110 §15).
  static func phrase(_ status: Int) -> StaticString {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }

  /// The body for a client: problem+json (RFC 9457), or a short page for one that asks for HTML.
  func render(id: ExchangeID, html: Bool) -> (type: String, body: [UInt8]) {
    if let content { return content }
    var body: [UInt8] = []
    let title = "\(LocalReply.phrase(status))"
    if html {
      let text =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>\(status) \(title)</title>"
        + "<h1>\(status) \(title)</h1><p>\(LocalReply.escapedHTML(detail))</p><p>Request id: <code>\(id)</code></p></html>\n"
      body.append(contentsOf: text.utf8)
      return ("text/html; charset=utf-8", body)
    }
    let text =
      "{\"type\":\"about:blank\",\"title\":\"\(title)\",\"status\":\(status),\"detail\":\"\(LocalReply.escapedJSON(detail))\","
      + "\"instance\":\"urn:uuid:\(id)\"}\n"
    body.append(contentsOf: text.utf8)
    return ("application/problem+json", body)
  }

  private static func escapedHTML(_ text: String) -> String {
    var out = ""
    for character in text.unicodeScalars {
      switch character {
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "&": out += "&amp;"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }

  private static func escapedJSON(_ text: String) -> String { String(decoding: LogName(text).json, as: UTF8.self) }
}
