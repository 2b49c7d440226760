/// Functions of extension types. Constructors take literals only, and what they make of them must be a value.
extension TypeChecker {
  mutating func call(_ function: ExtensionFunction, _ arguments: [Int], at position: SourcePosition) -> Typed {
    let signature = function.signature
    var isRight = true
    if arguments.count != signature.parameters.count {
      report(
        "`\(function.rawValue)` has \(arguments.count) arguments", at: position,
        expected: "\(signature.parameters.count), the receiver among them")
      isRight = false
    }
    if function.isConstructor {
      for argument in arguments where !isLiteral(argument) {
        report(
          "`\(function.rawValue)` is called with what is no literal", at: tree.nodes[argument].position,
          expected: "a string literal")
        isRight = false
      }
      if let error = constructionError(function, arguments) {
        report(error.message, at: position, expected: error.hint.map(TypeChecker.afterExpected))
        isRight = false
      }
    }
    for (index, argument) in arguments.enumerated() {
      let result =
        index < signature.parameters.count ? expect(argument, signature.parameters[index]) : check(argument)
      isRight = isRight && result.isChecked
    }
    return Typed(.known(signature.result), isChecked: isRight)
  }

  /// Hints begin with a word that findings have already.
  private static func afterExpected(_ hint: String) -> String {
    let word = "expected "
    return hint.hasPrefix(word) ? String(hint.dropFirst(word.count)) : hint
  }

  private func isLiteral(_ index: Int) -> Bool {
    switch tree.nodes[index].kind {
    case .bool, .long, .string, .entity: true
    default: false
    }
  }

  private func constructionError(_ function: ExtensionFunction, _ arguments: [Int]) -> ExtensionError? {
    guard arguments.count == 1, case .string(let text) = tree.nodes[arguments[0]].kind else { return nil }
    do throws(ExtensionError) {
      switch function {
      case .decimal: _ = try Decimal(parsing: text)
      case .ip: _ = try IPNetwork(parsing: text)
      case .datetime: _ = try Datetime(parsing: text)
      case .duration: _ = try TimeSpan(parsing: text)
      default: break
      }
      return nil
    } catch {
      return error
    }
  }
}

extension ExtensionFunction {
  /// What it takes, the receiver first, and what it makes.
  var signature: (parameters: [Expectation], result: SchemaType) {
    switch self {
    case .decimal: ([.string], .extension(.decimal))
    case .ip: ([.string], .extension(.ipaddr))
    case .datetime: ([.string], .extension(.datetime))
    case .duration: ([.string], .extension(.duration))
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual:
      ([.extension(.decimal), .extension(.decimal)], .bool)
    case .isIpv4, .isIpv6, .isLoopback, .isMulticast: ([.extension(.ipaddr)], .bool)
    case .isInRange: ([.extension(.ipaddr), .extension(.ipaddr)], .bool)
    case .offset: ([.extension(.datetime), .extension(.duration)], .extension(.datetime))
    case .durationSince: ([.extension(.datetime), .extension(.datetime)], .extension(.duration))
    case .toDate: ([.extension(.datetime)], .extension(.datetime))
    case .toTime: ([.extension(.datetime)], .extension(.duration))
    case .toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays: ([.extension(.duration)], .long)
    }
  }
}
