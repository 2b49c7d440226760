import SluiceModel

extension ObjectSchema where Root == FirewallFilterConfiguration {
  static let firewallFilter = ObjectSchema(
    "firewall filter",
    """
    Inspects requests and replies with rules in the language of ModSecurity. Each rule that matches adds to a score; from \
    the threshold on, the exchange is refused.
    """,
    make: { FirewallFilterConfiguration() },
    fields: [
      Field(
        "rules", \.rules, .firewallRules,
        """
        `crs` for the OWASP core rule set of the system's package `modsecurity-crs`; the path of a file of rules or of the \
        folder of a core rule set release; or a list of those.
        """),
      Field(
        "mode", \.mode, .choice(),
        "`block` refuses, `detect` records what it would have refused and lets it pass, `off` does nothing."),
      Field(
        "paranoia", \.paranoia, .integer(1...4),
        "The paranoia level whose rules count towards a refusal: 1 has few false alarms, 4 misses least."),
      Field(
        "detectionParanoia", \.detectionParanoia, optional: .integer(1...4), absence: "that of `paranoia`",
        "The paranoia level up to which rules run and are reported, so that the next level can be tried out."),
      Field("thresholds", group: thresholds, "Scores from which an exchange is refused."),
      Field("requestBody", \.requestBody, .object(.firewallRequestBody), "Inspection of request bodies."),
      Field("responseBody", \.responseBody, .object(.firewallResponseBody), "Inspection of reply bodies."),
      Field(
        "webSocketMessages", \.webSocketMessages, .object(.firewallMessages),
        "Inspection of the messages of upgraded connections."),
      Field(
        "set", \.set, .firewallSettings,
        "Variables of the collection `TX` that are set before the rules run, such as `allowed_methods: GET POST`."),
      Field(
        "customRules", \.customRules, .content(1 << 20),
        "Rules of your own, after the set-up and before `rules`; `file:PATH` takes the text of a file."),
      Field(
        "rulesAfter", \.rulesAfter, .content(1 << 20),
        "Rules of your own after `rules`, such as `SecRuleUpdateTargetById`; `file:PATH` takes the text of a file."),
      Field(
        "exclusions", \.exclusions, ValueType.object(.firewallExclusion).list(0...1_000),
        "Rules that are left out, each as narrow as can be."),
      Field(
        "onError", \.onError, .choice([.deny, .allow]),
        "What happens to an exchange when the rules fail or their time is over."),
      Field(
        "timeBudget", \.timeBudget, .duration(.milliseconds(1), .minutes(1)),
        "How long the rules may work on one exchange in all; past it `onError` decides."),
      Field(
        "latencyBudget", \.latencyBudget, optional: .duration(.milliseconds(1), .minutes(1)), absence: "none",
        "Exchanges whose inspection takes longer are reported as slow; nothing else happens to them."),
      Field(
        "blockPage", \.blockPage, optional: .page, absence: "a short page or problem report of the gate's own",
        "A file with the page that a refused client is shown: HTML in which `{{id}}` stands for the exchange's id."),
      Field("blockStatus", \.blockStatus, .integer(400...599), "The status of a refusal."),
    ],
    check: { filter, context in
      if let detection = filter.detectionParanoia, detection < filter.paranoia {
        context.error(
          "`detectionParanoia` \(detection) is lower than `paranoia` \(filter.paranoia)",
          hint: "rules that count must run: write at least \(filter.paranoia)",
          path: context.path + ".detectionParanoia")
      }
      if filter.mode != .off { check(rulesOf: filter, context) }
    })

  private static let thresholds = ObjectSchema(
    "thresholds", "A critical rule scores 5, an error 4, a warning 3, a notice 2.", make: { Root() },
    fields: [
      Field("inbound", \.inboundThreshold, .integer(1...100_000), "The score from which a request is refused."),
      Field("outbound", \.outboundThreshold, .integer(1...100_000), "The score from which a reply is refused."),
    ])

  private static func check(rulesOf filter: FirewallFilterConfiguration, _ context: DecodingContext) {
    guard !context.source.leavesFilesUnread, let result = context.source.checkRules?(filter) else { return }
    context.include(result.digest)
    for problem in result.problems {
      let path = context.path + (problem.key.map { "." + $0 } ?? "")
      if problem.isWarning {
        context.warning(problem.message, hint: problem.hint, path: path)
      } else {
        context.error(problem.message, hint: problem.hint, path: path)
      }
    }
  }
}

extension ObjectSchema where Root == FirewallRequestBody {
  fileprivate static let firewallRequestBody = ObjectSchema(
    "request body inspection", "A body that is inspected is held until the rules have seen it.",
    make: { FirewallRequestBody() },
    fields: [
      Field("inspect", \.inspect, .boolean, "Whether bodies are looked at. Types that no rule reads are never held."),
      Field(
        "limit", \.limitBytes, .size(1...(256 << 20)), "Bytes of a body that are inspected, uploaded files included."),
      Field(
        "fieldsLimit", \.fieldsLimitBytes, .size(1...(256 << 20)), "Bytes of a body without its uploaded files."),
      Field(
        "overLimit", \.overLimit, .choice(),
        "A longer body: `reject` answers 413; `partial` inspects its beginning, and the rest passes unseen."),
      Field(
        "memory", \.memoryBytes, .size((64 << 10)...(1 << 40)),
        "Bytes of bodies held at a time, for each event loop; past it `onError` decides."),
    ],
    check: { body, context in
      guard body.memoryBytes < body.limitBytes else { return }
      context.error(
        "`memory` \(Size.text(body.memoryBytes)) holds no body of `limit` \(Size.text(body.limitBytes))",
        hint: "raise `memory` or lower `limit`",
        path: context.path + (context.hasMark(context.path + ".memory") ? ".memory" : ".limit"))
    })
}

extension ObjectSchema where Root == FirewallResponseBody {
  fileprivate static let firewallResponseBody = ObjectSchema(
    "reply body inspection",
    "A body that is inspected is held until the rules have seen it. Event streams are never held.",
    make: { FirewallResponseBody() },
    fields: [
      Field("inspect", \.inspect, .boolean, "Whether bodies are looked at."),
      Field(
        "types", \.types, ValueType<String>.mediaType.list(1...100),
        "Media types whose bodies are inspected; all others stream."),
      Field("limit", \.limitBytes, .size(1...(256 << 20)), "Bytes of a body that are inspected."),
      Field(
        "overLimit", \.overLimit, .choice(),
        "A longer body: `reject` replaces the reply by a 502; `partial` inspects its beginning, and the rest passes."),
    ])
}

extension ObjectSchema where Root == FirewallMessages {
  fileprivate static let firewallMessages = ObjectSchema(
    "message inspection",
    "With it, upgrades to WebSocket are made without compression, so that messages can be read.",
    make: { FirewallMessages() },
    fields: [
      Field(
        "inspect", \.inspect, .boolean,
        "Whether messages are looked at; one that is refused closes the connection with code 1008."),
      Field(
        "limit", \.limitBytes, .size(1...(16 << 20)),
        "Bytes of one message; a longer one closes the connection with code 1009."),
    ])
}

extension ObjectSchema where Root == FirewallExclusion {
  fileprivate static let firewallExclusion = ObjectSchema(
    "exclusion", "Leaves rules out, as a whole or for one part of the request.",
    make: { FirewallExclusion(.rules(0...0)) },
    fields: [
      Field(
        "rule", .range(1...Int(Int32.max)),
        get: { if case .rules(let ids) = $0.subject, ids.lowerBound > 0 { ids } else { nil } },
        set: { $0.subject = .rules($1) }, absence: "none", "The rule's id, or a range such as `942100-942199`."),
      Field(
        "tag", .ruleTag, get: { if case .tag(let tag) = $0.subject { tag } else { nil } },
        set: { $0.subject = .tag($1) }, absence: "none", "Every rule with this tag, such as `attack-sqli`."),
      Field("path", \.path, optional: .object(.pathMatch), absence: "every path", "Where it holds."),
      Field(
        "target", \.target, optional: .ruleTarget, absence: "the rules are left out as a whole",
        "What the rules don't look at any more, such as `ARGS:comment` or `REQUEST_COOKIES:/^app_/`."),
      Field("comment", \.comment, optional: .text("text") { $0 }, absence: "none", "Why, for whoever reads this next."),
    ], exactlyOne: ["rule", "tag"])
}

extension ValueType where Value == [FirewallRules] {
  fileprivate static var firewallRules: ValueType {
    let one = ValueType<FirewallRules>.scalar(
      .text("file path", pattern: nil, words: ["crs"]),
      parse: { text throws(ScalarProblem) in
        if text == "crs" { return .installed }
        guard !text.isEmpty, text.utf8.count <= 4_095, !text.utf8.contains(0) else {
          throw ScalarProblem("\(quoted(text)) is no file path", hint: "write `crs` or a path")
        }
        return .path(text)
      },
      encode: { rules in
        switch rules {
        case .installed: .string("crs")
        case .path(let path): .string(Expansion.escape(path))
        }
      })
    let many = one.list(1...100)
    return ValueType(
      .either([one.shape, many.shape]),
      decode: { node, context in
        if case .sequence = node.content { return many.decode(node, context) }
        return one.decode(node, context).map { [$0] }
      }, encode: { $0.count == 1 ? one.encode($0[0]) : many.encode($0) })
  }
}

extension ValueType where Value == [FirewallSetting] {
  /// Settings with keys of their own: what is set twice would hold once.
  private static let owned = [
    "blocking_paranoia_level": "paranoia", "paranoia_level": "paranoia",
    "detection_paranoia_level": "detectionParanoia", "executing_paranoia_level": "detectionParanoia",
    "inbound_anomaly_score_threshold": "thresholds.inbound", "outbound_anomaly_score_threshold": "thresholds.outbound",
  ]

  fileprivate static var firewallSettings: ValueType {
    let pattern = "^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"
    return ValueType(
      .map(.text("text", pattern: nil, words: []), keyPattern: pattern),
      decode: { node, context in
        guard case .mapping(let pairs) = node.content, pairs.count <= 1_000 else {
          context.error(
            "expected a map of variables, found \(node.isNull ? "no value" : node.kind)",
            hint: "write `{ allowed_methods: GET POST }`", at: node.mark)
          return nil
        }
        var settings: [FirewallSetting] = []
        for pair in pairs {
          let name = pair.key.lowercased()
          if let problem = problem(name, settings) {
            context.error(problem.message, hint: problem.hint, at: pair.keyMark)
          } else if let value = context.within(name, pair.value.mark, { context.text(pair.value, "a text") }) {
            settings.append(FirewallSetting(name: name, value: value))
          }
        }
        return settings.count == pairs.count ? settings : nil
      },
      encode: { settings in
        .object(settings.map { JSONValue.Member(key: $0.name, value: .string(Expansion.escape($0.value))) })
      })
  }

  private static func problem(_ name: String, _ settings: [FirewallSetting]) -> ScalarProblem? {
    if let key = owned[name] { return ScalarProblem("\(quoted(name)) has a key of its own", hint: "write `\(key)`") }
    if settings.contains(where: { $0.name == name }) { return ScalarProblem("\(quoted(name)) is set twice") }
    guard let first = name.utf8.first, name.utf8.count <= 128, first == 0x5f || (0x61...0x7a).contains(first),
      name.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "_.-".utf8.contains($0) })
    else {
      return ScalarProblem(
        "\(quoted(name)) is no name of a variable", hint: "use letters, digits and `_`, with a letter first")
    }
    return nil
  }
}

extension ValueType where Value == String {
  fileprivate static var mediaType: ValueType {
    .text("media type", pattern: "^[^/; ]+/[^/; ]+$") { text throws(ScalarProblem) in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 127,
        text.utf8.allSatisfy({ $0.isASCIILetterOrDigit || "!#$&-^_.+/".utf8.contains($0) })
      else {
        throw ScalarProblem("\(quoted(text)) is no media type", hint: "write it without parameters: `text/html`")
      }
      return text.lowercased()
    }
  }

  fileprivate static var ruleTag: ValueType {
    .text("tag") { text throws(ScalarProblem) in
      guard !text.isEmpty, text.utf8.count <= 256, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != 0x22 })
      else {
        throw ScalarProblem("\(quoted(text)) is no tag of a rule", hint: "write it as in the rules: `attack-sqli`")
      }
      return text
    }
  }

  /// A variable of the rule language in capitals, with or without a selector.
  fileprivate static var ruleTarget: ValueType {
    .text("target", pattern: "^[A-Z][A-Z_]*(:.+)?$") { text throws(ScalarProblem) in
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let variable = parts.first ?? ""
      let hasCapitals = !variable.isEmpty && variable.utf8.allSatisfy { (0x41...0x5a).contains($0) || $0 == 0x5f }
      let selector = parts.count > 1 ? parts[1] : "-"
      guard hasCapitals, !selector.isEmpty, text.utf8.count <= 512,
        selector.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != 0x22 && $0 != 0x27 })
      else {
        throw ScalarProblem(
          "\(quoted(text)) is no target",
          hint: "write a variable and what of it: `ARGS:comment`, `REQUEST_COOKIES:theme`")
      }
      return text
    }
  }
}

extension ValueType where Value == FileContent {
  /// A page, read with the configuration.
  fileprivate static var page: ValueType {
    ValueType(
      ValueType<String>.filePath.shape,
      decode: { node, context in
        guard let path = ValueType<String>.filePath.decode(node, context) else { return nil }
        if context.source.leavesFilesUnread { return FileContent(path: path, bytes: []) }
        guard let (bytes, _) = context.open(path, from: node.mark) else { return nil }
        guard bytes.count <= 256 << 10, String(validating: bytes, as: UTF8.self) != nil else {
          context.error(
            "\(quoted(path)) is no page in UTF-8 of at most 256KiB", at: node.mark)
          return nil
        }
        return FileContent(path: path, bytes: bytes)
      }, encode: { .string(Expansion.escape($0.path)) })
  }
}

extension ValueType where Value == AuditLogConfiguration {
  static var auditLog: ValueType {
    let file = ValueType<AuditLogConfiguration>.object(.auditLog)
    let word = ValueType<AuditLogConfiguration>.scalar(
      .choice(["off"]),
      parse: { text throws(ScalarProblem) in
        guard text == "off" else {
          throw ScalarProblem("unknown value \(quoted(text))", hint: "write `off` or `{ path: FILE }`")
        }
        return AuditLogConfiguration()
      }, encode: { _ in .string("off") })
    return ValueType(
      .either([word.shape, file.shape]),
      decode: { node, context in
        if case .mapping = node.content { return file.decode(node, context) }
        return word.decode(node, context)
      }, encode: { $0.target == .off ? word.encode($0) : file.encode($0) })
  }
}

extension ObjectSchema where Root == AuditLogConfiguration {
  fileprivate static let auditLog = ObjectSchema(
    "audit log", "What the firewall saw, for whoever investigates.", make: { AuditLogConfiguration() },
    fields: [
      Field(
        "path", ValueType<String>.filePath, required: true,
        get: {
          switch $0.target {
          case .file(let path): path
          case .standardOutput: "stdout"
          case .off: nil
          }
        },
        set: { $0.target = $1 == "stdout" ? .standardOutput : .file(path: $1) }, "The file, or `stdout`."),
      Field(
        "parts", \.parts, ValueType<AuditPart>.choice().list(0...5),
        "What an entry holds beside the exchange's names and numbers. Bodies may hold secrets of users."),
      Field(
        "record", \.record, .choice(),
        "`relevant` records exchanges in which a rule scored or decided; `all` every one that was inspected."),
    ])
}
