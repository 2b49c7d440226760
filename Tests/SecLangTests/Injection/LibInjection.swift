import Glibc

/// libinjection itself, as Debian's libmodsecurity3 exports it, to compare with.
struct LibInjection {
  private typealias DetectSQL = @convention(c) (UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>) -> CInt
  private typealias DetectXSS = @convention(c) (UnsafePointer<CChar>, Int) -> CInt

  private let detectSQL: DetectSQL
  private let detectXSS: DetectXSS

  static let isThere = LibInjection() != nil

  // invariant: the symbols have these signatures in every libinjection 3; the library is never unloaded.
  init?() {
    guard let library = dlopen("libmodsecurity.so.3", RTLD_NOW | RTLD_LOCAL),
      let sqli = dlsym(library, "libinjection_sqli"), let xss = dlsym(library, "libinjection_xss")
    else { return nil }
    detectSQL = unsafeBitCast(sqli, to: DetectSQL.self)
    detectXSS = unsafeBitCast(xss, to: DetectXSS.self)
  }

  /// The fingerprint of an injection, nil for none.
  // invariant: the value has a NUL behind it, as in the library's own caller, and the fingerprint's eight bytes
  // suffice.
  func fingerprint(of value: [UInt8]) -> String? {
    var fingerprint = [CChar](repeating: 0, count: 16)
    let found = Self.terminated(value).withUnsafeBufferPointer { text in
      text.baseAddress.map { detectSQL($0, value.count, &fingerprint) } ?? 0
    }
    return found == 0
      ? nil : String(decoding: fingerprint.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // invariant: the value has a NUL behind it, as in the library's own caller.
  func isXSS(_ value: [UInt8]) -> Bool {
    Self.terminated(value).withUnsafeBufferPointer { text in
      text.baseAddress.map { detectXSS($0, value.count) } ?? 0
    } != 0
  }

  private static func terminated(_ value: [UInt8]) -> [CChar] { value.map { CChar(bitPattern: $0) } + [0] }
}
