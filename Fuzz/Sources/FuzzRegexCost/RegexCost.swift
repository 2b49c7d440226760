import Glibc
import SecLang

/// Looks for values that cost the rules of a folder most.
final class RegexCost {
  struct Pattern {
    let regex: RegularExpression
    let node: PatternNode
    let text: [UInt8]
    /// Where the rule stands.
    let place: String
    /// Nanoseconds of the worst value of `fullBytes` so far.
    var worst: UInt64 = 0
    /// Nanoseconds of the worst value of `probeBytes` that was looked at further.
    var worstProbe: UInt64 = 0
    var looks = 0
  }

  /// What a transaction may take, and beyond it.
  static let budgetNanoseconds: UInt64 = 500_000_000
  static let allowanceNanoseconds: UInt64 = 100_000_000
  /// What one search of one pattern may take here, apart from transactions.
  static let patienceNanoseconds: UInt64 = 1_000_000_000
  /// Bytes of the first look at a value, and of the longest: what the body of a form may hold.
  static let probeBytes = 1 << 10
  static let fullBytes = 128 << 10

  private(set) var patterns: [Pattern] = []
  /// The worst transaction so far.
  private(set) var worstTransaction: UInt64 = 0
  private let rules: RuleSet
  private let transaction: Transaction
  private let scratch = RegexScratch(nowNanoseconds: RegexCost.processorTime)

  /// - Parameters:
  ///   - folder: holds `*.conf`, or `rules/*.conf`.
  ///   - databases: whether long values are searched with the pattern library first, for which databases are made now.
  init(_ folder: String, databases: Bool = false) throws(RuleIssues) {
    let files = RuleFolder()
    var document = try RuleParser.parse(Array(Self.settings.utf8), named: "settings")
    let nested = (try? files.expand(folder + "/rules/*.conf", from: nil)) ?? []
    document.append(try RuleParser.parse(nested.isEmpty ? folder + "/*.conf" : folder + "/rules/*.conf", loader: files))
    rules = try RuleSet.compile(document, data: files)
    if databases { rules.attachDatabases(saved: { _ in nil }, save: { _, _ in }) }
    transaction = Transaction(
      rules,
      workspace: Workspace(
        timeBudgetNanoseconds: Self.budgetNanoseconds, nowNanoseconds: Self.processorTime,
        wallClock: {
          WallClock(
            epochSeconds: 1_800_000_000, year: 2027, month: 1, day: 15, hour: 8, minute: 0, second: 0, weekday: 5)
        }))
    addPatterns(document)
  }

  /// All rules run, and none of them ends the transaction.
  private static let settings = """
    SecRuleEngine DetectionOnly
    SecRequestBodyAccess On
    SecRequestBodyNoFilesLimit 1048576
    SecResponseBodyAccess On
    SecResponseBodyMimeType text/html
    SecAction "id:4990500,phase:1,pass,nolog,setvar:tx.crs_setup_version=400,setvar:tx.paranoia_level=4,\\
      setvar:tx.executing_paranoia_level=4,setvar:tx.blocking_paranoia_level=4,setvar:tx.detection_paranoia_level=4"
    """

  private func addPatterns(_ document: RuleDocument) {
    var known: Set<[UInt8]> = []
    for statement in document.statements {
      guard case .rule(_, let comparison, _) = statement.directive, comparison.name == .rx,
        known.insert(comparison.argument).inserted, let regex = try? RegularExpression(comparison.argument.span)
      else { continue }
      let file = document.files[Int(statement.position.file)].split(separator: "/").last ?? ""
      patterns.append(
        Pattern(
          regex: regex, node: PatternReader.read(comparison.argument), text: comparison.argument,
          place: "\(file):\(statement.position.line)"))
    }
  }

  /// This thread's processor time, so that a busy machine changes nothing.
  static func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
  }

  // MARK: One value

  struct Finding {
    /// The number of the pattern.
    var pattern: Int
    /// Nanoseconds for a value of ``fullBytes``, or of ``probeBytes`` where that is nothing new.
    var nanoseconds: UInt64
    /// What the transaction took, where one was run.
    var transaction: UInt64?
  }

  /// Bytes as a pattern and a way to make a value for it. A value that is slow is tried at more length, and the worst of
  /// them in a whole transaction.
  func measure(_ input: [UInt8]) -> Finding {
    guard input.count > 2, !patterns.isEmpty else { return Finding(pattern: 0, nanoseconds: 0) }
    let index = (Int(input[0]) << 8 | Int(input[1])) % patterns.count
    let choices = input[2...]
    let time = time(index, value(index, choices, Self.probeBytes))
    var finding = Finding(pattern: index, nanoseconds: time)
    // What is about as slow as what was tried thrice teaches nothing.
    guard time > 10_000, patterns[index].looks < 3 || time > patterns[index].worstProbe / 4 * 5 else { return finding }
    patterns[index].looks += 1
    patterns[index].worstProbe = max(patterns[index].worstProbe, time)
    finding.nanoseconds = self.time(index, value(index, choices, Self.fullBytes))
    patterns[index].worst = max(patterns[index].worst, finding.nanoseconds)
    guard finding.nanoseconds > 5_000_000 else { return finding }
    finding.transaction = run(value(index, choices, Self.fullBytes))
    return finding
  }

  private func value(_ pattern: Int, _ choices: ArraySlice<UInt8>, _ size: Int) -> [UInt8] {
    PatternSampler.value(of: patterns[pattern].node, choices, size: size)
  }

  private func time(_ pattern: Int, _ value: [UInt8]) -> UInt64 {
    let start = Self.processorTime()
    scratch.deadlineNanoseconds = start + Self.patienceNanoseconds
    _ = patterns[pattern].regex.match(value.span, scratch: scratch)
    return Self.processorTime() &- start
  }

  // MARK: Transactions

  /// Of the last transaction.
  var phaseMilliseconds: [UInt64] { (1...5).map { transaction.phaseNanoseconds[$0] / 1_000_000 } }

  /// Runs a transaction with the value where a client, and a server that is asked to echo, can put it.
  func run(_ value: [UInt8]) -> UInt64 {
    let start = Self.processorTime()
    transaction.reset(rules)
    let target = Array("/x?".utf8) + Self.escaped(value.prefix(4_000))
    transaction.requestLine(
      method: Array("POST".utf8).span, target: target.span, version: Array("HTTP/1.1".utf8).span)
    for (name, field) in [
      ("Host", Array("plant.example".utf8)), ("Content-Type", Array("application/x-www-form-urlencoded".utf8)),
      ("User-Agent", Array(value.prefix(4_000))), ("Cookie", Array("a=".utf8) + value.prefix(4_000)),
    ] {
      transaction.requestHeader(name: Array(name.utf8).span, value: field.span)
    }
    _ = transaction.evaluateRequestHead()
    let form = Array("a=".utf8) + Self.escaped(value[...])
    _ = transaction.requestBody(form.span)
    _ = transaction.evaluateRequestBody()
    transaction.responseStatus(200, version: Array("HTTP/1.1".utf8).span)
    transaction.responseHeader(name: Array("Content-Type".utf8).span, value: Array("text/html".utf8).span)
    _ = transaction.evaluateResponseHead()
    _ = transaction.responseBody(value.span)
    _ = transaction.evaluateResponseBody()
    transaction.evaluateLogging()
    let nanoseconds = Self.processorTime() &- start
    worstTransaction = max(worstTransaction, nanoseconds)
    return nanoseconds
  }

  private static func escaped(_ value: ArraySlice<UInt8>) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    for byte in value {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: result.append(byte)
      default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return result
  }
}
