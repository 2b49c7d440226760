/// One request of the ACME client.
public struct ACMERequest: Sendable, Hashable {
  public enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST" }

  public var method: Method
  public var url: String
  /// What is asked for.
  public var accept: String?
  /// Flattened JSON of a signed message (RFC 7515, 7.2.2) for POST; else empty. Its type is `application/jose+json`.
  public var body: [UInt8]

  public init(method: Method, url: String, accept: String? = nil, body: [UInt8] = []) {
    self.method = method
    self.url = url
    self.accept = accept
    self.body = body
  }
}

/// One reply of the server, whole.
public struct ACMEReply: Sendable, Hashable {
  public var status: Int
  /// Field names in lower case; the first of each name.
  public var fields: [String: String]
  public var body: [UInt8]

  public init(status: Int, fields: [String: String] = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}

/// Carries requests to the server. It bounds size and time of the reply, and follows no redirect.
public protocol ACMETransport: Sendable {
  /// Sends one request. Throws `ACMEError` of kind `transport` when no whole reply came.
  func send(_ request: ACMERequest) async throws(ACMEError) -> ACMEReply
  /// Closes what is open. Nothing is sent afterwards.
  func shutdown() async
}
