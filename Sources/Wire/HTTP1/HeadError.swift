/// Why a message is refused. The connection it came on can't be used any further.
public struct HeadError: Error, Equatable, Sendable {
  public enum Reason: String, Sendable, CaseIterable {
    case malformedRequestLine = "malformed request line"
    case malformedStatusLine = "malformed status line"
    case unsupportedVersion = "unsupported HTTP version"
    case unsupportedMethod = "method not supported by a gateway"
    case malformedTarget = "malformed request target"
    case requestLineTooLong = "request line too long"
    case headTooLarge = "header section too large"
    case tooManyFields = "too many header fields"
    case malformedFieldName = "malformed field name"
    case malformedFieldValue = "malformed field value"
    case obsoleteLineFolding = "obsolete line folding"
    case bareLineFeed = "line feed without carriage return"
    case missingHost = "missing Host"
    case duplicateHost = "more than one Host"
    case malformedHost = "malformed Host"
    case malformedContentLength = "malformed Content-Length"
    case duplicateContentLength = "more than one Content-Length"
    case contentLengthWithTransferEncoding = "both Content-Length and Transfer-Encoding"
    case unsupportedTransferEncoding = "unsupported Transfer-Encoding"
    case transferEncodingInHTTP10 = "Transfer-Encoding in HTTP/1.0"
    case malformedExpectation = "unsupported Expect"
    case malformedChunkSize = "malformed chunk size"
    case malformedChunkExtension = "malformed chunk extension"
    case malformedChunkEnd = "malformed end of chunk"
    case malformedTrailer = "malformed trailer section"
    case trailerTooLarge = "trailer section too large"
    case unexpectedSwitch = "protocol switch that was not asked for"
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  /// The status a server answers with (RFC 9110 §15); a bad reply from an upstream is always 502.
  public var requestStatus: Int {
    switch reason {
    case .requestLineTooLong: 414
    case .headTooLarge, .tooManyFields, .trailerTooLarge: 431
    case .unsupportedVersion: 505
    case .unsupportedMethod: 501
    case .malformedExpectation: 417
    default: 400
    }
  }
}

/// How much of a head one side may send.
public struct HeadLimits: Sendable, Equatable {
  public var lineBytes: Int
  public var headBytes: Int
  public var fields: Int

  public init(lineBytes: Int = 16 << 10, headBytes: Int = 32 << 10, fields: Int = 100) {
    self.lineBytes = lineBytes
    self.headBytes = headBytes
    self.fields = fields
  }
}
