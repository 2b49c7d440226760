import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SluiceModel

/// From requests to endpoints: the guard, the parameters, the errors.
enum AdminRouter {
  static func make(
    gateway: any GatewayControl, state: AdminState, logger: Logger, endpoints: [AdminEndpoint] = AdminEndpoints.all
  ) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AdminMiddleware(state: state, endpoints: endpoints, logger: logger))
    for endpoint in endpoints {
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        try await serve(
          endpoint, request, parameters: context.parameters, gateway: gateway, state: state, logger: logger)
      }
    }
    return router
  }

  private static func serve(
    _ endpoint: AdminEndpoint, _ request: Request, parameters: Parameters, gateway: any GatewayControl,
    state: AdminState,
    logger: Logger
  ) async throws -> Response {
    let before = await gateway.status()
    var response: Response
    do {
      var path: [String: String] = [:]
      for parameter in endpoint.parameters where parameter.place == .path {
        path[parameter.name] = parameters.get(parameter.name)
      }
      let query = try AdminQuery.parse(
        request.uri.query ?? "", allowed: endpoint.parameters.filter { $0.place == .query }.map(\.name))
      let body = endpoint.body == nil ? ByteBuffer() : try await collect(request)
      response = try await endpoint.handler(
        AdminCall(
          gateway: gateway, state: state, status: before, head: request.head, path: path, query: query, body: body))
    } catch let problem as Problem {
      response = problem.response()
    } catch let error {
      logger.error("the admin API failed", metadata: ["operation": "\(endpoint.id)", "error": "\(error)"])
      response = Problem.internalError().response()
    }
    if endpoint.audited {
      logger.notice("admin request", metadata: ["operation": "\(endpoint.id)", "status": "\(response.status.code)"])
    }
    if let name = HTTPField.Name("Sluice-Revision"), response.headers[name] == nil {
      response.headers[name] = String(before.revision)
    }
    return response
  }

  /// The whole body, within the bounds on its size and time.
  private static func collect(_ request: Request) async throws -> ByteBuffer {
    do {
      return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
        group.addTask { try await request.body.collect(upTo: AdminLimits.requestBodyBytes) }
        group.addTask {
          try await Task.sleep(for: AdminLimits.bodyTimeout)
          throw Problem("timeout", status: 408, title: "the request body did not arrive in time")
        }
        defer { group.cancelAll() }
        return try await group.next() ?? ByteBuffer()
      }
    } catch is NIOTooManyBytesError {
      throw Problem(
        "too-large", status: 413, title: "the request body is too large",
        detail: "at most \(AdminLimits.requestBodyBytes) bytes are read")
    }
  }
}

/// The guard before every endpoint, and problem details for what no endpoint answers.
struct AdminMiddleware: RouterMiddleware {
  let state: AdminState
  let endpoints: [AdminEndpoint]
  let logger: Logger

  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      guard let guardian = state.guardian else {
        throw Problem("starting", status: 503, title: "the admin API is starting")
      }
      let path = request.uri.path
      try guardian.check(request.head, authenticated: !endpoints.contains { $0.path == path && !$0.authenticated })
      response = try await next(request, context)
    } catch let problem as Problem {
      response = problem.response()
    } catch let error as HTTPError where error.status == .notFound {
      response = unknown(request)
    }
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }

  /// 405 when the path has other methods, else 404.
  private func unknown(_ request: Request) -> Response {
    let segments = request.uri.path.split(separator: "/")
    let methods = endpoints.filter { endpoint in
      let pattern = endpoint.path.split(separator: "/")
      return pattern.count == segments.count && zip(pattern, segments).allSatisfy { $0 == $1 || $0.first == "{" }
    }.map(\.method.rawValue)
    guard !methods.isEmpty else {
      return Problem.notFound(
        "`\(bounded(request.uri.path))` is not part of the admin API", hint: "/v1/openapi.json lists what is"
      ).response()
    }
    let allowed = methods.contains("GET") ? methods + ["HEAD"] : methods
    return Problem(
      "method-not-allowed", status: 405, title: "the method is not allowed here",
      detail: "`\(bounded(request.uri.path))` answers \(allowed.joined(separator: ", "))"
    ).response(headers: [.allow: allowed.joined(separator: ", ")])
  }
}

/// Reads query strings.
package enum AdminQuery {
  /// - Throws: `Problem` for a name that the endpoint doesn't declare, a name given twice, and bad escapes.
  package static func parse(_ text: String, allowed: [String]) throws -> [String: String] {
    var result: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : "") else {
        throw Problem.badRequest("`\(bounded(pair))` is not a well-formed query parameter")
      }
      guard allowed.contains(name) else {
        throw Problem.badRequest(
          "`\(bounded(name))` is not a parameter here",
          hint: allowed.isEmpty
            ? "this endpoint has none" : "one of " + allowed.map { "`\($0)`" }.joined(separator: ", "))
      }
      guard result.updateValue(value, forKey: name) == nil else {
        throw Problem.badRequest("`\(bounded(name))` is given twice")
      }
    }
    return result
  }

  /// `%XX` and `+` undone; nil when an escape is cut short or the bytes are no UTF-8.
  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(0x20)
      case UInt8(ascii: "%"):
        let digits = Substring(rest.prefix(2))
        guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
          return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
