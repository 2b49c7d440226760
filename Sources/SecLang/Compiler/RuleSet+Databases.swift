extension RuleSet {
  /// Makes the pattern databases with which long values are searched, and puts them to use. It takes seconds for large
  /// rule sets; the rules run without meanwhile, and without for good where the pattern library can't be used.
  ///
  /// - Parameters:
  ///   - saved: what was saved under a key before.
  ///   - save: keeps what was made for the next time.
  package func attachDatabases(saved: (String) -> [UInt8]?, save: (String, [UInt8]) -> Void) {
    guard HyperscanLibrary.refusal == nil else { return }
    for program in programs {
      guard let prefilter = program.scan?.prefilter else { continue }
      let key = prefilter.databaseKey
      let before = saved(key)
      guard let database = try? prefilter.makeDatabase(from: before) else { continue }
      prefilter.attach(database)
      if before == nil, let bytes = try? database.serialized() { save(key, bytes) }
    }
  }
}
