import SluiceModel

extension ObjectSchema where Root == AdminConfiguration {
  static let admin = ObjectSchema(
    "admin API", "It listens on a Unix socket or on loopback, never beyond this machine.",
    make: { AdminConfiguration() },
    fields: [
      Field("address", \.address, .bindAddress, "`unix:PATH`, or a loopback address with its port."),
      Field(
        "tokenFile", \.tokenFile, .filePath,
        "The file that holds the bearer token, made with mode 0600 at the first start. Only used on an IP address."),
    ],
    check: { admin, context in
      guard !Addresses.isLocal(admin.address) else { return }
      context.error(
        "admin address `\(admin.address)` can be reached from other machines",
        hint: "use `127.0.0.1`, `[::1]` or `unix:PATH`", path: context.path + ".address")
    })
}

extension ObjectSchema where Root == RuntimeConfiguration {
  static let runtime = ObjectSchema(
    "runtime", "Event loops, and how the gateway stops.", make: { RuntimeConfiguration() },
    fields: [
      Field(
        "loops", ValueType.integer(1...1_024, or: "auto", meaning: 0), get: { $0.loops ?? 0 },
        set: { $0.loops = $1 == 0 ? nil : $1 },
        """
        Event loops of web and TCP listeners. `auto` is one per CPU of the process's affinity mask, capped by its \
        cgroup's quota.
        """),
      Field(
        "industrialLoops", \.industrialLoops, .integer(1...64),
        "Event loops that only industrial listeners use, so that a flood of web requests does not delay the plant."),
      Field(
        "workers", ValueType.integer(1...1_024, or: "auto", meaning: 0), get: { $0.workers ?? 0 },
        set: { $0.workers = $1 == 0 ? nil : $1 },
        """
        Threads of a lower priority for what would hold an event loop up, such as the inspection of large bodies. `auto` \
        is as many as web loops.
        """),
      Field(
        "drainTimeout", \.drainTimeout, .duration(.zero, .hours(1)),
        "How long a stopping gateway waits for exchanges in flight before it closes them."),
    ])
}

extension ObjectSchema where Root == LogsConfiguration {
  static let logs = ObjectSchema(
    "logs", "What is written, and where.", make: { LogsConfiguration() },
    fields: [
      Field("level", \.level, .choice(), "The least severe message of the gateway's own log on standard error."),
      Field(
        "access", \.access, .logTarget,
        """
        The access log: one JSON line per exchange. It may drop lines under pressure, and counts what it drops. \
        `{ path: FILE }`, `stdout` or `off`.
        """),
      Field("decisions", \.decisions, .object(.decisionLog), "The decision log, which `sluice explain` reads."),
      Field(
        "audit", \.audit, .auditLog,
        """
        The firewall's audit log: one JSON line per exchange in which a rule scored, with what it was sent. `{ path: FILE }` \
        or `off`. Like the access log it may drop lines under pressure, and counts what it drops.
        """),
    ])
}

extension ObjectSchema where Root == DecisionLogConfiguration {
  static let decisionLog = ObjectSchema(
    "decision log", "Why exchanges and operations were allowed or refused, in rotated segments.",
    make: { DecisionLogConfiguration() },
    fields: [
      Field("directory", \.directory, .filePath, "The folder of its segments."),
      Field("keep", \.keep, .duration(.minutes(1), .days(3_650)), "How long decisions are kept."),
      Field(
        "maximumSize", \.maximumSizeBytes, .size((1 << 20)...(1 << 44)),
        "Bytes of all segments together; the oldest go first."),
      Field(
        "record", \.record, .choice(),
        """
        `notable` records every verdict but allow, and every industrial operation that is not a read; `all` records \
        everything.
        """),
      Field(
        "onError", \.onError, .choice([.allow, .deny]),
        """
        What happens to an industrial write when its record can't be kept: `allow` lets it pass, counted and with an \
        alert; `deny` refuses it.
        """),
    ])
}

extension ValueType where Value == LogTarget {
  static var logTarget: ValueType {
    let word = ValueType<LogTarget>.scalar(
      .choice(["stdout", "off"]),
      parse: { text throws(ScalarProblem) in
        if let target = LogTarget(word: text) { return target }
        throw ScalarProblem("unknown value \(quoted(text))", hint: "write `stdout`, `off` or `{ path: FILE }`")
      }, encode: \.json)
    let file = ValueType<LogTarget>.object(.logFile)
    return ValueType(
      .either([word.shape, file.shape]),
      decode: { node, context in
        if case .mapping = node.content { return file.decode(node, context) }
        return word.decode(node, context)
      }, encode: \.json)
  }
}

extension ObjectSchema where Root == LogTarget {
  fileprivate static let logFile = ObjectSchema(
    "log file", "Where a log goes.", make: { LogTarget.off },
    fields: [
      Field(
        "path", ValueType<String>.filePath, required: true,
        get: { if case .file(let path) = $0 { path } else { nil } },
        set: { $0 = LogTarget(word: $1) ?? .file(path: $1) }, "The file, or `stdout`.")
    ])
}

extension LogTarget {
  fileprivate init?(word: String) {
    switch word {
    case "stdout": self = .standardOutput
    case "off": self = .off
    default: return nil
    }
  }

  fileprivate var json: JSONValue {
    switch self {
    case .off: .string("off")
    case .standardOutput: .string("stdout")
    case .file(let path): .object(["path": .string(Expansion.escape(path))])
    }
  }
}
