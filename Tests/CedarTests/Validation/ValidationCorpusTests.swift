import Cedar
import Foundation
import Testing

/// The corpus of the reference implementation.
@Suite(.enabled(if: ValidationCorpus.isThere, "set SLUICE_CONFORMANCE to the conformance data"))
struct ValidationCorpusTests {
  @Test func agreesWithTheCorpus() throws {
    var requests = 0
    let cases = try ValidationCorpus.forEach { test, queries, file in
      let text = String(decoding: try file(test.schema), as: UTF8.self)
      let schema = try Schema(parsing: text)
      let policies = try PolicySet(parsing: [UInt8](try file(test.policies)))
      let result = Validator(schema).validate(policies)
      #expect(result.isValid == test.shouldValidate, "\(test.policies): \(result.findings.map(\.description))")
      let translated = try Schema.json(translating: text)
      #expect(try Schema(json: Array(translated.utf8)) == schema, "\(test.schema)")
      // All requests of the corpus are to be valid.
      for query in queries {
        let request = try RequestReader.read(query, schema: schema)
        #expect(throws: Never.self, "\(test.policies)") { try schema.validate(request: request) }
      }
      requests += queries.count
      let entities = try EntityReader.read([UInt8](try file(test.entities)))
      #expect(throws: Never.self, "\(test.entities)") { try schema.validate(entities: entities) }
    }
    #expect(cases == 5_874)
    #expect(requests > 40_000)
  }
}
