import Glibc

/// libFuzzer's own main loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// libFuzzer takes a byte of this section that grows for something new: one byte for each pattern says how slow it was.
@section("__libfuzzer_extra_counters") @used
nonisolated(unsafe) private var counters: InlineArray<128, UInt64> = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]

/// Searches for the values on which the patterns of a rule set take longest. The rules are those of the folder that
/// `SLUICE_RULES` names, Debian's core rule set without it; with `SLUICE_DATABASES` long values are searched with the
/// pattern library first, as in a running gate some seconds after its start. A transaction that goes on for long after its time is over
/// is a crash; what was found is printed at the end.
@main
enum FuzzRegexCost {
  nonisolated(unsafe) private static var search: RegexCost?

  static func main() {
    let folder = getenv("SLUICE_RULES").map { String(cString: $0) } ?? "/usr/share/modsecurity-crs"
    do {
      search = try RegexCost(folder, databases: getenv("SLUICE_DATABASES") != nil)
    } catch {
      print("the rules of \(folder) can't be used: \(error)")
      exit(1)
    }
    atexit { FuzzRegexCost.report() }
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      runDriver(&count, &arguments) { start, length in
        FuzzRegexCost.check(Array(UnsafeBufferPointer(start: start, count: length)))
        return 0
      })
  }

  private static func check(_ input: [UInt8]) {
    guard let search else { return }
    let finding = search.measure(input)
    note(finding.pattern, finding.nanoseconds)
    guard let time = finding.transaction, time > RegexCost.budgetNanoseconds + RegexCost.allowanceNanoseconds else {
      return
    }
    let place = search.patterns[finding.pattern].place
    print("a transaction took \(time / 1_000_000) ms: \(place), \(search.phaseMilliseconds) ms by phase")
    report()
    fflush(nil)
    abort()
  }

  /// 256 µs and each four times longer: libFuzzer tells apart 1, 2, 3, 4, 8, 16, 32 and 128.
  private static func note(_ pattern: Int, _ nanoseconds: UInt64) {
    var step = 0
    var limit: UInt64 = 256_000
    while step < 8, nanoseconds >= limit {
      step += 1
      limit *= 4
    }
    guard step > 0 else { return }
    let level: UInt64 = step <= 4 ? UInt64(step) : [8, 16, 32, 128][step - 5]
    counters[pattern / 8 % counters.count] |= level << UInt64(pattern % 8 * 8)
  }

  private static func report() {
    guard let search else { return }
    let worst = search.patterns.sorted { $0.worst > $1.worst }.prefix(10)
    print("worst transaction: \(search.worstTransaction / 1_000_000) ms; \(search.patterns.count) patterns")
    for pattern in worst where pattern.worst > 0 {
      let isCut = pattern.worst >= RegexCost.patienceNanoseconds
      print(
        "\(isCut ? "over " : "")\(pattern.worst / 1_000) µs for \(RegexCost.fullBytes >> 10) KiB: \(pattern.place)",
        String(decoding: pattern.text.prefix(80), as: UTF8.self))
    }
  }
}
