/// Reads JSON bodies (RFC 8259) in pieces of any size, without building a tree.
///
/// Arguments are named as ModSecurity 3 names them: `json.a.b` for members, `json.list.array_0` for elements, `json`
/// for a single value, `empty-key` for an empty name. Strings come unescaped (half of a surrogate pair as `?`),
/// numbers and literals as written, `null` as nothing; objects and arrays without a value in them make no argument.
package struct JSONProcessor: Sendable {
  /// How reading ended.
  package enum Outcome: Sendable, Hashable {
    /// Not yet.
    case open
    /// One whole value, or nothing at all.
    case complete
    /// The body was cut off; what was there is well-formed.
    case truncated
    /// ``JSONProcessor/error`` says why.
    case failed
  }

  /// What was read; at the end also the value that was cut off or broke.
  package private(set) var fields = FieldStore()
  package private(set) var outcome = Outcome.open
  package private(set) var error: BodyError?

  private let limits: BodyLimits
  private var tokenizer: JSONTokenizer

  /// - Parameter store: its memory is used again, what it holds is forgotten.
  package init(limits: BodyLimits = BodyLimits(), reusing store: consuming FieldStore = FieldStore()) {
    self.limits = limits
    tokenizer = JSONTokenizer(limits: limits)
    fields = store
    fields.removeAll(keepingCapacity: true)
  }

  /// Arguments that were not kept because of ``BodyLimits/arguments``: reading stops at the first.
  package var exceedsArguments: Bool { tokenizer.failure == .tooManyArguments }

  package mutating func received(_ part: Span<UInt8>) {
    guard outcome == .open, !part.isEmpty else { return }
    let left = limits.storedBytes &- tokenizer.consumed
    let taken = part.extracting(first: max(0, left))
    var store = FieldStore()
    swap(&store, &fields)
    // invariant: the tokenizer reads below the count of the part.
    taken.withUnsafeBufferPointer { input in
      guard let base = input.baseAddress else { return }
      var position = 0
      while position < input.count, tokenizer.failure == nil {
        let rest = input.count &- position
        store.withRoom(rest &+ tokenizer.neededRoom) { start, used, end, list in
          var cursor = JSONCursor(
            input: base, position: position, end: input.count, output: start, used: used, capacity: end)
          tokenizer.run(&cursor, &list)
          position = cursor.position
          used = cursor.used
        }
      }
      tokenizer.consumed &+= position
    }
    if tokenizer.failure == nil, taken.count < part.count { tokenizer.failure = .tooLong }
    if tokenizer.failure != nil { tokenizer.endOpenArgument(&store) }
    swap(&store, &fields)
    settle()
  }

  /// - Parameter truncated: whether the body goes on but is not given; an open value is then no error.
  package mutating func finished(truncated: Bool = false) {
    guard outcome == .open else { return }
    var store = FieldStore()
    swap(&store, &fields)
    let isWhole = tokenizer.finish(&store)
    swap(&store, &fields)
    if isWhole {
      outcome = truncated ? .truncated : .complete
    } else if truncated {
      outcome = .truncated
    } else {
      tokenizer.failure = .endsEarly
      settle()
    }
  }

  private mutating func settle() {
    guard let failure = tokenizer.failure else { return }
    outcome = .failed
    error = BodyError(failure.kind, failure.message(limits), offset: tokenizer.consumed)
  }
}

/// What can be wrong with JSON.
enum JSONFailure: Sendable {
  case expectedValue, expectedKey, expectedColon, expectedComma, trailingData
  case controlInString, invalidEscape, invalidUTF8, invalidNumber, invalidLiteral
  case endsEarly
  case tooDeep, tooManyArguments, tooLong

  var kind: BodyError.Kind {
    switch self {
    case .tooDeep, .tooManyArguments, .tooLong: .limit
    default: .malformed
    }
  }

  func message(_ limits: BodyLimits) -> String {
    switch self {
    case .expectedValue: "json: expected a value"
    case .expectedKey: "json: expected a name in quotes"
    case .expectedColon: "json: expected `:`"
    case .expectedComma: "json: expected `,` or the end of the object or array"
    case .trailingData: "json: data behind the value"
    case .controlInString: "json: control character in a string"
    case .invalidEscape: "json: invalid escape in a string"
    case .invalidUTF8: "json: invalid UTF-8 in a string"
    case .invalidNumber: "json: invalid number"
    case .invalidLiteral: "json: neither `true`, `false` nor `null`"
    case .endsEarly: "json: ends before the value is complete"
    case .tooDeep: "json: more than \(limits.jsonDepth) levels"
    case .tooManyArguments: "json: more than \(limits.arguments) values"
    case .tooLong: "json: names and values of more than \(limits.storedBytes) bytes"
    }
  }
}
