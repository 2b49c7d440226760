import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
public import SluiceConfig

/// An error reply of the admin API (RFC 9457 problem details).
public struct Problem: Error, Sendable, Codable, Equatable {
  /// A relative reference that names the kind of problem, such as `/problems/unknown-id`.
  public var type: String
  public var title: String
  public var status: Int
  public var detail: String?
  /// What to do about it.
  public var hint: String?
  /// What is wrong in a configuration, when that is the problem.
  public var issues: [ConfigurationIssue]?
  /// The hash of the configuration in force, when a condition on it failed.
  public var configurationHash: String?

  public init(
    _ type: String, status: Int, title: String, detail: String? = nil, hint: String? = nil,
    issues: [ConfigurationIssue]? = nil,
    configurationHash: String? = nil
  ) {
    self.type = "/problems/" + type
    self.title = title
    self.status = status
    self.detail = detail
    self.hint = hint
    self.issues = issues
    self.configurationHash = configurationHash
  }
}

extension Problem {
  static func badRequest(_ detail: String, hint: String? = nil) -> Problem {
    Problem("bad-request", status: 400, title: "the request is malformed", detail: detail, hint: hint)
  }

  static func unauthorized() -> Problem {
    Problem(
      "unauthorized", status: 401, title: "a bearer token is needed",
      hint: "send `Authorization: Bearer …` with the content of `admin.tokenFile`")
  }

  static func forbidden(_ detail: String, hint: String? = nil) -> Problem {
    Problem("forbidden", status: 403, title: "the request is not allowed from here", detail: detail, hint: hint)
  }

  static func misdirected(_ detail: String) -> Problem {
    Problem(
      "misdirected", status: 421, title: "the request is for another host", detail: detail,
      hint: "address the admin API as `localhost`, `127.0.0.1` or `[::1]` with its port")
  }

  static func notFound(_ detail: String, hint: String? = nil) -> Problem {
    Problem("not-found", status: 404, title: "there is nothing here", detail: detail, hint: hint)
  }

  static func internalError() -> Problem {
    Problem("internal", status: 500, title: "the admin API failed", hint: "the gateway's log says more")
  }

  /// The reply that carries the problem.
  func response(headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.contentType] = "application/problem+json"
    if status == 401 { headers[.wwwAuthenticate] = "Bearer realm=\"sluice\"" }
    let body = (try? AdminJSON.encoder().encode(self)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
    return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: body))
  }
}
