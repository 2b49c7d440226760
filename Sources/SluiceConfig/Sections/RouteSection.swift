import SluiceModel

extension ObjectSchema where Root == RouteConfiguration {
  static let route = ObjectSchema(
    "route", "Which requests it takes, what is done to them, and where they go.", make: { RouteConfiguration() },
    fields: [
      Field("name", \.name, .name, required: true, "Its name in logs and metrics."),
      Field(
        "listeners", \.listeners, ValueType<String>.name.list(0...1_000),
        """
        The `http` and `https` listeners it belongs to; an empty list means all of them. A route of a `tls` listener \
        matches server names alone.
        """),
      Field(
        "matches", \.matches, ValueType.object(.routeMatch).list(1...256),
        "Ways to match it, one of which is enough. It matches every request when there are none."),
      Field("filters", \.filters, ValueType<FilterConfiguration>.filter.list(0...64), "Filters in their order."),
      Field(
        "rewrite", \.rewrite, optional: .object(.rewrite), absence: "nothing",
        "What is changed in a request's target before it goes to the pool."),
      Field("zone", \.zone, optional: .name, absence: "none", "The zone that it leads into, for policies."),
      Field("timeouts", group: .timeouts, "How long the route waits."),
      Field(
        "retries", \.retries, .integer(0...10),
        "Further attempts on another endpoint, when none of the request can have been acted on."),
      Field(
        "pool", .name, get: \.plainPool, set: { $0.action = .forward([WeightedPool(pool: $1)]) },
        absence: "none", "Forwards to this pool."),
      Field(
        "pools", ValueType.object(.weightedPool).list(1...64), get: \.weightedPools, set: { $0.action = .forward($1) },
        absence: "none", "Forwards to several pools by weight."),
      Field(
        "redirect", .object(.redirect), get: { if case .redirect(let redirect) = $0.action { redirect } else { nil } },
        set: { $0.action = .redirect($1) }, absence: "none", "Replies with a redirect."),
      Field(
        "respond", .object(.respond), get: { if case .respond(let reply) = $0.action { reply } else { nil } },
        set: { $0.action = .respond($1) }, absence: "none", "Replies with a fixed text."),
    ], exactlyOne: ["pool", "pools", "redirect", "respond"],
    check: { route, context in
      switch route.action {
      case .forward(let pools): checkWeights(pools, context)
      default:
        guard route.rewrite != nil else { return }
        context.error(
          "`rewrite` has no effect on a route that forwards nothing", hint: "remove it", path: context.path + ".rewrite"
        )
      }
    })

  private static func checkWeights(_ pools: [WeightedPool], _ context: DecodingContext) {
    var seen: Set<String> = []
    for (index, entry) in pools.enumerated() where !seen.insert(entry.pool).inserted {
      context.error(
        "pool `\(entry.pool)` stands twice in the route", hint: "add the weights",
        path: context.path + ".pools[\(index)]")
    }
    if pools.allSatisfy({ $0.weight == 0 }) {
      context.error(
        "all pools have weight 0, so none is ever chosen", hint: "give one of them a `weight` of 1 or more",
        path: context.path + ".pools")
    }
  }

  private static var timeouts: ObjectSchema {
    ObjectSchema(
      "timeouts", "How long a route waits.", make: { RouteConfiguration() },
      fields: [
        Field(
          "request", \.requestTimeout, .duration(.milliseconds(1), .days(1)),
          "From the end of the request to the first byte of the final reply; 504 past it."),
        Field(
          "idle", \.idleTimeout, .duration(.milliseconds(1), .days(1)),
          "Without progress in either direction while an exchange is under way."),
      ])
  }
}

extension RouteConfiguration {
  fileprivate var plainPool: String? {
    guard case .forward(let pools) = action, pools.count == 1, let only = pools.first, only.weight == 1 else {
      return nil
    }
    return only.pool
  }

  fileprivate var weightedPools: [WeightedPool]? {
    guard case .forward(let pools) = action, plainPool == nil else { return nil }
    return pools
  }
}

extension ObjectSchema where Root == WeightedPool {
  fileprivate static let weightedPool = ObjectSchema(
    "pool share", "A pool and its share of the requests.", make: { WeightedPool(pool: "") },
    fields: [
      Field("pool", \.pool, .name, required: true, "The pool's name."),
      Field("weight", \.weight, .integer(0...1_000_000), "Its share beside the others'."),
    ])
}

extension ObjectSchema where Root == RouteMatch {
  fileprivate static let routeMatch = ObjectSchema(
    "match", "One way to match a route: all that is given must hold.", make: { RouteMatch() },
    fields: [
      Field(
        "host", \.host, optional: .host(wildcard: true), absence: "every host",
        "The host without a port, in lower case; `*.example.org` stands for any number of labels before the suffix."),
      Field("path", \.path, .object(.pathMatch), "The path of the request's target."),
      Field(
        "method", \.method,
        optional: .text("method", pattern: "^[^a-z]+$") { text throws(ScalarProblem) in try HTTPText.method(text) },
        absence: "every method", "The method, in capitals."),
      Field("headers", \.headers, .headerMatches, "Fields that must have exactly these values."),
    ])
}

extension ObjectSchema where Root == PathMatch {
  static let pathMatch = ObjectSchema(
    "path match", "How a path is matched.", make: { PathMatch.prefix("/") },
    fields: [
      Field(
        "exact", .path, get: { if case .exact(let path) = $0 { path } else { nil } }, set: { $0 = .exact($1) },
        absence: "none", "The whole path."),
      Field(
        "prefix", .path, get: { if case .prefix(let path) = $0 { path } else { nil } }, set: { $0 = .prefix($1) },
        absence: "none", "Its first whole segments: `/api` matches `/api` and `/api/x`, never `/apix`."),
    ], exactlyOne: ["exact", "prefix"])
}

extension ObjectSchema where Root == RewriteConfiguration {
  fileprivate static let rewrite = ObjectSchema(
    "rewrite", "What is changed in a request's target.", make: { RewriteConfiguration() },
    fields: [
      Field("host", \.host, optional: .host(wildcard: false), absence: "kept", "The new `Host`."),
      Field(
        "path", \.path, optional: .path, absence: "kept",
        "Replaces the matched prefix or, for an exact match, the whole path."),
    ], atLeastOne: ["host", "path"])
}

extension ObjectSchema where Root == RedirectConfiguration {
  fileprivate static let redirect = ObjectSchema(
    "redirect", "Sends the client elsewhere; what is not given stays as it was asked for.",
    make: { RedirectConfiguration() },
    fields: [
      Field(
        "scheme", \.scheme,
        optional: .text("scheme", pattern: "^https?$") { text throws(ScalarProblem) in
          guard text == "http" || text == "https" else {
            throw ScalarProblem("unknown value \(quoted(text))", hint: "write `http` or `https`")
          }
          return text
        }, absence: "kept", "`http` or `https`."),
      Field("host", \.host, optional: .host(wildcard: false), absence: "kept", "The new host."),
      Field("port", \.port, optional: .integer(1...65_535), absence: "the scheme's, or kept", "The new port."),
      Field("path", \.path, optional: .path, absence: "kept", "Replaces the whole path; the query is kept."),
      Field("status", \.status, .redirectStatus, "301, 302, 303, 307 or 308."),
    ], atLeastOne: ["scheme", "host", "port", "path"])
}

extension ObjectSchema where Root == DirectResponseConfiguration {
  fileprivate static let respond = ObjectSchema(
    "reply", "A fixed reply.", make: { DirectResponseConfiguration() },
    fields: [
      Field("status", \.status, .integer(200...599), "Its status."),
      Field(
        "contentType", \.contentType,
        .text("content type") { text throws(ScalarProblem) in try HTTPText.fieldValue(text) }, "Its `Content-Type`."),
      Field("body", \.body, .content(1 << 20), "Its text, or `file:PATH` for the text of a file; at most 1MiB."),
    ],
    check: { reply, context in
      guard [204, 205, 304].contains(reply.status), !reply.body.isEmpty else { return }
      context.error("a reply with status \(reply.status) has no body", path: context.path + ".body")
    })
}

extension ValueType where Value == Int {
  fileprivate static var redirectStatus: ValueType {
    .scalar(
      .integer(301...308, words: []),
      parse: { text throws(ScalarProblem) in
        let known = [301, 302, 303, 307, 308]
        guard let status = Int(text), known.contains(status) else {
          throw ScalarProblem(
            "\(quoted(text)) is no status of a redirect", hint: "write \(enumerated(known.map(String.init)))")
        }
        return status
      }, encode: { .integer($0) })
  }
}
