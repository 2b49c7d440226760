import FoundationEssentials
package import HTTPTypes
import Hummingbird
import NIOCore
import SluiceModel

/// One endpoint of the admin API: the router and the OpenAPI document are both made from the list of these.
package struct AdminEndpoint: Sendable {
  package var method: HTTPRequest.Method
  /// The path with `{name}` for each parameter in it.
  package var path: String
  /// The name of the operation, unique.
  package var id: String
  /// What it does, on one line.
  var summary: String
  var detail: String?
  /// Whether a token is wanted on an IP address.
  var authenticated = true
  var parameters: [AdminParameter] = []
  var body: AdminBody?
  var replies: [AdminReply]
  var handler: @Sendable (AdminCall) async throws -> Response

  /// Whether the gateway's log records each call: what changes something, and live taps.
  var audited: Bool { method != .get || id == "streamExchanges" }
}

/// A parameter of an endpoint.
struct AdminParameter: Sendable {
  enum Place: String, Sendable {
    case path, query, header
  }

  var name: String
  var place: Place
  var summary: String
  var schema: JSONValue = ["type": "string"]
}

/// What an endpoint reads.
struct AdminBody: Sendable {
  var contentType: String
  var summary: String
  var schema: JSONValue
}

/// What an endpoint answers.
struct AdminReply: Sendable {
  var status: Int
  var summary: String
  var contentType: String?
  var schema: JSONValue?

  static func json(_ summary: String, _ schema: JSONValue) -> AdminReply { json(200, summary, schema) }

  static func json(_ status: Int, _ summary: String, _ schema: JSONValue) -> AdminReply {
    AdminReply(status: status, summary: summary, contentType: "application/json", schema: schema)
  }

  static func problem(_ status: Int, _ summary: String) -> AdminReply {
    AdminReply(
      status: status, summary: summary, contentType: "application/problem+json",
      schema: AdminSchemas.reference("Problem"))
  }
}

/// One request that passed the guard, as an endpoint sees it.
struct AdminCall: Sendable {
  var gateway: any GatewayControl
  var state: AdminState
  var status: GatewayStatus
  var head: HTTPRequest
  /// Path parameters, decoded.
  var path: [String: String]
  /// Query parameters, decoded; only those that the endpoint declares, each at most once.
  var query: [String: String]
  var body: ByteBuffer

  /// The strong validator of the configuration in force.
  var entityTag: String { "\"\(status.configurationHash)\"" }

  /// Fails unless the condition of `If-Match`, if there is one, holds for the configuration in force.
  ///
  /// - Throws: `Problem` with status 412.
  func checkIfMatch() throws {
    let values = head.headerFields[values: .ifMatch]
    guard !values.isEmpty else { return }
    let tags = values.joined(separator: ",").split(separator: ",").map { $0.filter { !$0.isWhitespace } }
    guard !tags.contains("*"), !tags.contains(entityTag) else { return }
    throw Problem(
      "precondition-failed", status: 412, title: "the configuration in force is another one",
      detail: "`If-Match` names another configuration than the one in force",
      hint: "read /v1/config again and repeat with its `ETag`", configurationHash: status.configurationHash)
  }

  /// A reply with a JSON body.
  func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
    raw(Array(try AdminJSON.encoder().encode(value)), status: status, headers: headers)
  }

  /// A reply whose body is JSON already.
  func raw(
    _ bytes: [UInt8], type: String = "application/json", status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// The exchange id in the path.
  ///
  /// - Throws: `Problem` with status 400.
  func identifier() throws -> ExchangeID {
    let text = path["id"] ?? ""
    guard let id = ExchangeID(text) else {
      throw Problem.badRequest(
        "`\(bounded(text))` is not an id", hint: "an id has 36 characters, like the one in `X-Request-Id`")
    }
    return id
  }
}
