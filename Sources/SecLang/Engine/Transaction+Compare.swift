extension Transaction {
  /// Operators that compare without searching.
  func compares(_ comparison: CompiledOperator, _ value: Slice) -> Bool {
    switch comparison {
    case .number(let comparison, let number): comparison.holds(self.number(value), number)
    case .numberMacro(let comparison, let macro): comparison.holds(number(value), number(expanded(macro)))
    case .text(let comparison, let text): compare(comparison, value, text.span)
    case .textMacro(let comparison, let macro): compareExpanded(comparison, value, macro)
    case .byteRange(let allowed): !isWithin(allowed, value)
    case .addresses(let tree): arena.read(value) { tree.contains(addressText: $0) }
    case .addressesMacro(let macro): matchesAddresses(macro, value)
    case .utf8: arena.read(value) { ValidateUTF8.isInvalid($0) }
    case .urlEncoding: arena.read(value) { ValidateURLEncoding.isInvalid($0) }
    case .always: true
    default: false
    }
  }

  private func isWithin(_ allowed: ByteSet, _ value: Slice) -> Bool {
    arena.read(value) { ByteSet(of: $0) }.isSubset(of: allowed)
  }

  private func matchesAddresses(_ macro: Macro, _ value: Slice) -> Bool {
    let text = expanded(macro)
    guard let tree = arena.read(text, { try? AddressTree(parsing: $0) }) else { return false }
    return arena.read(value) { tree.contains(addressText: $0) }
  }

  private func compareExpanded(_ comparison: TextComparison, _ value: Slice, _ macro: Macro) -> Bool {
    let text = expanded(macro)
    return arena.read(text) { compare(comparison, value, $0) }
  }

  private func compare(_ comparison: TextComparison, _ value: Slice, _ text: Span<UInt8>) -> Bool {
    arena.read(value) { value in
      switch comparison {
      case .equal: TextOperators.equals(value, text)
      case .contains: TextOperators.contains(value, text)
      case .containsWord: TextOperators.containsWord(value, text)
      case .beginsWith: TextOperators.begins(value, with: text)
      case .endsWith: TextOperators.ends(value, with: text)
      case .within: TextOperators.isWithin(value, text)
      case .stringMatch: TextOperators.contains(value, text)
      }
    }
  }

  func number(_ slice: Slice) -> Int { arena.read(slice) { DecimalNumber.parse($0) } }

  func number(_ value: TXStore.Value) -> Int {
    switch value.kind {
    case .unset: 0
    case .number: value.number
    case .text: number(value.text)
    }
  }

  /// A pattern with macros in it, compiled when it is first seen.
  func regex(_ macro: Macro) -> RegularExpression? {
    let pattern = expanded(macro)
    let text = arena.array(pattern)
    if let made = workspace.regexCache[text] { return made }
    guard let made = try? RegularExpression(text.span) else { return nil }
    if workspace.regexCache.count >= 256 { workspace.regexCache.removeAll() }
    workspace.regexCache[text] = made
    return made
  }
}

extension NumberChecksum {
  /// Whether the check digits of a number are right.
  func isValid(_ text: Span<UInt8>) -> Bool {
    switch self {
    case .creditCard: CheckDigits.isCreditCard(text)
    case .cpf: CheckDigits.isCPF(text)
    case .ssn: CheckDigits.isSSN(text)
    case .svnr: CheckDigits.isSVNR(text)
    }
  }
}
