/// The table or namespace that an operation's addresses belong to; the raw value is the word used in logs.
public enum AddressSpace: String, Sendable, Codable, CaseIterable {
  case coil
  case discreteInput = "discrete-input"
  case inputRegister = "input-register"
  case holdingRegister = "holding-register"
  case file
  case diagnostic
  case identification
  case none
}
