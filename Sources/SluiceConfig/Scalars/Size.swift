/// Numbers of bytes: a whole number with `B`, `KiB`, `MiB`, `GiB`, `TiB` or their decimal kin; rates add `/s`.
package enum Size {
  static let units = [
    Unit(name: "B", factor: 1), Unit(name: "kB", factor: 1_000), Unit(name: "KiB", factor: 1 << 10),
    Unit(name: "MB", factor: 1_000_000), Unit(name: "MiB", factor: 1 << 20), Unit(name: "GB", factor: 1_000_000_000),
    Unit(name: "GiB", factor: 1 << 30), Unit(name: "TB", factor: 1_000_000_000_000), Unit(name: "TiB", factor: 1 << 40),
  ]
  static let pattern = "^[0-9]+([kKMGT]?B|[KMGT]iB)$"
  static let ratePattern = "^[0-9]+([kKMGT]?B|[KMGT]iB)/s$"

  /// Bytes of a size within `range`.
  static func parse(_ text: String, _ range: ClosedRange<Int>) throws(ScalarProblem) -> Int {
    try parse(text, text[...], range, noun: "size", suffix: "")
  }

  /// Bytes per second of a rate within `range`.
  static func parseRate(_ text: String, _ range: ClosedRange<Int>) throws(ScalarProblem) -> Int {
    guard text.hasSuffix("/s") else {
      let hint = Quantity(text).map { $0.unit.isEmpty ? "\($0.number)B/s" : printable(text) + "/s" } ?? "500B/s"
      throw ScalarProblem("rate \(quoted(text)) has no unit of time", hint: "write `\(hint)`")
    }
    return try parse(text, text.dropLast(2), range, noun: "rate", suffix: "/s")
  }

  package static func text(_ bytes: Int) -> String { Unit.text(bytes, units) }

  private static func parse(
    _ whole: String, _ text: Substring, _ range: ClosedRange<Int>, noun: String, suffix: String
  ) throws(ScalarProblem) -> Int {
    guard let quantity = Quantity(String(text)) else {
      throw ScalarProblem(
        "\(quoted(whole)) is no \(noun)", hint: "write a whole number with its unit, such as `64KiB\(suffix)`")
    }
    guard !quantity.unit.isEmpty else {
      throw ScalarProblem(
        "\(noun) \(quoted(whole)) has no unit", hint: "write `\(printable(String(text)))B\(suffix)`")
    }
    guard let unit = units.first(where: { $0.name == quantity.unit || quantity.unit == "KB" && $0.name == "kB" }) else {
      throw ScalarProblem(
        "\(quoted(whole)) is no \(noun)",
        hint: "write a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`, `kB`, `MB`, `GB` or `TB`")
    }
    let bytes = quantity.times(unit.factor)
    guard range.contains(bytes) else {
      throw ScalarProblem(
        "\(noun) \(quoted(whole)) is out of range",
        hint: "write one from `\(self.text(range.lowerBound))\(suffix)` to `\(self.text(range.upperBound))\(suffix)`")
    }
    return bytes
  }
}
