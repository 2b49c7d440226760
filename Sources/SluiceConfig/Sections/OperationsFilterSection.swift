import SluiceModel

extension ObjectSchema where Root == OperationsFilterConfiguration {
  static let operationsFilter = ObjectSchema(
    "operations filter",
    "The static guard of an industrial listener: it runs before policy and can only deny (exception 01).",
    make: { OperationsFilterConfiguration() },
    fields: [
      Field(
        "allow", \.allow, ValueType.object(.operationRule).list(0...1_000), required: true,
        "What may pass: an operation passes when one rule permits it. With `[]` none does."),
      Field("mode", \.mode, .choice(), "In `detect` a refusal is recorded and the operation passes."),
    ])
}

extension ObjectSchema where Root == OperationRule {
  fileprivate static let operationRule = ObjectSchema(
    "operation rule", "One line of the guard: all that is given must hold.", make: { OperationRule() },
    fields: [
      Field(
        "units", .ranges(0...255), get: { $0.units.isEmpty ? nil : $0.units }, set: { $0.units = $1 }, absence: "all",
        "Unit ids."),
      Field(
        "classes", ValueType<OperationClass>.choice().list(1...16), get: { $0.classes.isEmpty ? nil : $0.classes },
        set: { $0.classes = $1 }, absence: "all, or those of `functions`",
        "What an operation does to the device. With `functions`, either may name the operation."),
      Field(
        "functions", .functions, get: { $0.functions.isEmpty ? nil : $0.functions }, set: { $0.functions = $1 },
        absence: "all, or those of `classes`", "Modbus function codes."),
      Field(
        "addresses", .ranges(0...65_535), get: { $0.addresses.isEmpty ? nil : $0.addresses },
        set: { $0.addresses = $1 }, absence: "all", "Every address that the operation touches must lie in these."),
      Field(
        "values", .registerValues, get: { $0.values.isEmpty ? nil : $0.values }, set: { $0.values = $1 },
        absence: "all",
        """
        Every value that the operation writes must lie in these. Registers hold 0 to 65535; a range that begins below \
        zero is of signed values, so `-5-10` stands for 0 to 10 and 65531 to 65535.
        """),
    ], atLeastOne: ["units", "classes", "functions", "addresses", "values"])
}

extension ValueType where Value == [Int] {
  /// Function codes, in the order given, ranges spelt out.
  fileprivate static var functions: ValueType {
    ValueType<[ClosedRange<Int>]>.ranges(1...127).map(
      { ranges in
        var seen: Set<Int> = []
        return ranges.flatMap { Array($0) }.filter { seen.insert($0).inserted }
      }, back: { $0.map { $0...$0 } })
  }
}

extension ValueType where Value == [ClosedRange<Int>] {
  /// Values of 16-bit registers; signed ones become the words that stand for them.
  fileprivate static var registerValues: ValueType {
    let signed = ValueType<ClosedRange<Int>>.range(-32_768...65_535)
    let one = ValueType<[ClosedRange<Int>]>(
      signed.shape,
      decode: { node, context in
        guard let range = signed.decode(node, context) else { return nil }
        guard range.lowerBound >= 0 || range.upperBound <= 32_767 else {
          context.error(
            "a range that begins below zero is of signed values and ends at most at 32767",
            hint: "write `\(range.lowerBound)-32767`", at: node.mark)
          return nil
        }
        return words(range)
      }, encode: { .array($0.map(signed.encode)) })
    let many = one.list(1...1_000)
    return ValueType(
      .either([signed.shape, many.shape]),
      decode: { node, context in
        if case .sequence = node.content { return many.decode(node, context)?.flatMap { $0 } }
        return one.decode(node, context)
      }, encode: { .array($0.map(signed.encode)) })
  }

  private static func words(_ range: ClosedRange<Int>) -> [ClosedRange<Int>] {
    let negative = range.lowerBound < 0 ? [range.lowerBound + 65_536...min(range.upperBound, -1) + 65_536] : []
    return (range.upperBound >= 0 ? [max(range.lowerBound, 0)...range.upperBound] : []) + negative
  }
}
