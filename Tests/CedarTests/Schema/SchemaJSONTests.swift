import Cedar
import Testing

@Suite struct SchemaJSONTests {
  @Test func textAndJSONAreTheSame() throws {
    let text = """
      type Contact = { mail: String, phone?: { short: Long } };
      @doc("x") entity User in [Group, N::Team] { contact: Contact, friends: Set<User>, ip?: ipaddr } tags Bool;
      entity Group;
      entity Level enum ["a", "b"];
      action all, other;
      action read in [all, N::Action::"some"] appliesTo { principal: [User], resource: N::Team, context: Contact };
      @ns namespace N { entity Team; action some; }
      """
    let json = """
      {"": {
        "commonTypes": {"Contact": {"type": "Record", "attributes": {
          "mail": {"type": "String"},
          "phone": {"type": "Record", "attributes": {"short": {"type": "Long"}}, "required": false}}}},
        "entityTypes": {
          "User": {"memberOfTypes": ["Group", "N::Team"], "annotations": {"doc": "x"},
            "shape": {"type": "Record", "additionalAttributes": false, "attributes": {
              "contact": {"type": "Contact", "annotations": {"why": null}},
              "friends": {"type": "Set", "element": {"type": "EntityOrCommon", "name": "User"}},
              "ip": {"type": "Extension", "name": "ipaddr", "required": false}}},
            "tags": {"type": "Boolean"}},
          "Group": {}, "Level": {"enum": ["a", "b"]}},
        "actions": {
          "all": {}, "other": {"memberOf": null, "appliesTo": null, "attributes": null},
          "read": {"memberOf": [{"id": "all"}, {"type": "N::Action", "id": "some"}],
            "appliesTo": {"principalTypes": ["User", "User"], "resourceTypes": ["N::Team"],
              "context": {"type": "Contact"}}}}},
       "N": {"annotations": {"ns": ""}, "entityTypes": {"Team": {}}, "actions": {"some": {}}}}
      """
    let schema = try Schema(parsing: text)
    #expect(try Schema(json: Array(json.utf8)) == schema)
    let translated = try Schema.json(translating: text)
    #expect(try Schema(json: Array(translated.utf8)) == schema)
  }

  @Test func translationKeepsNamesAndAnnotations() throws {
    let json = try Schema.json(
      translating: """
        @a namespace N {
          @b("c") type EntityOrCommon = Set<Long>;
          entity E in [E] { @d x?: EntityOrCommon };
          action read in [N::Action::"all", some] appliesTo { principal: E, resource: E, context: T };
          action all, some;
          type T = {};
        }
        """)
    #expect(
      json.split(separator: "\n").map { $0.drop { $0 == " " } }.joined() == #"""
        {"N": {"annotations": {"a": null},"commonTypes": {\#
        "EntityOrCommon": {"type": "Set","element": {"type": "EntityOrCommon","name": "Long"},"annotations": {"b": "c"}},\#
        "T": {"type": "Record","attributes": {}}},\#
        "entityTypes": {"E": {"memberOfTypes": ["E"],"shape": {"type": "Record","attributes": {\#
        "x": {"type": "EntityOrCommon","name": "EntityOrCommon","required": false,"annotations": {"d": null}}}}}},\#
        "actions": {"read": {"memberOf": [{"type": "N::Action","id": "all"},{"id": "some"}],"appliesTo": {\#
        "principalTypes": ["E"],"resourceTypes": ["E"],"context": {"type": "T"}}},"all": {},"some": {}}}}
        """#)
  }

  @Test(
    arguments: [
      #"{"type": "String"}"#, #"{"type": "Long", "required": false}"#, #"{"type": "Bool"}"#, #"{"type": "ipaddr"}"#,
      #"{"type": "__cedar::decimal"}"#, #"{"type": "Set", "element": {"type": "Entity", "name": "A"}}"#,
      #"{"type": "Record", "attributes": {}}"#, #"{"type": "EntityOrCommon", "name": "Long"}"#,
      #"{"type": "Long", "annotations": {"a": "b", "in": null}}"#,
    ])
  func acceptsType(_ type: String) { #expect(Schemas.typeError(type) == nil) }

  @Test(
    arguments: [
      (#""Long""#, "an attribute is an object, not a string"), (#"{}"#, "an attribute lacks `type`"),
      (#"{"type": null}"#, "`type` is a string, not null"), (#"{"type": "Foo"}"#, "`Foo` is not declared"),
      (#"{"type": "A"}"#, "`A` is not declared as a common type"), (#"{"type": "A B"}"#, "`A B` is not a type"),
      (#"{"type": "Set"}"#, "an attribute lacks `element`"),
      (#"{"type": "Record"}"#, "an attribute lacks `attributes`"),
      (#"{"type": "Entity"}"#, "an attribute lacks `name`"),
      (#"{"type": "Entity", "name": "Z"}"#, "`Z` is not declared"),
      (#"{"type": "Entity", "name": "A "}"#, "`A ` is not the name of a type"),
      (#"{"type": "Extension", "name": "ip"}"#, "`ip` is no extension type"),
      (#"{"type": "Long", "name": "A"}"#, "a type `Long` has no `name`"),
      (#"{"type": "Set", "element": {"type": "Long", "required": true}}"#, "a type has no `required`"),
      (#"{"type": "Long", "required": 1}"#, "`required` is `true` or `false`, not a number"),
      (#"{"type": "Long", "other": 1}"#, "an attribute has no `other`"),
      (#"{"type": "Record", "attributes": {}, "additionalAttributes": true}"#, "records with additional attributes"),
      (#"{"type": "Long", "annotations": {"a b": ""}}"#, "`a b` is no name of an annotation"),
    ])
  func refusesType(_ type: String, _ message: String) throws {
    let error = try #require(Schemas.typeError(type))
    #expect(error.contains(message), "\(error)")
    #expect(error.hasPrefix("1:"), "\(error)")
  }

  @Test(
    arguments: [
      ("[]", "a schema is an object"), (#"{"": {}}"#, "a namespace lacks `entityTypes`"),
      (#"{"": {"entityTypes": {}}}"#, "a namespace lacks `actions`"),
      (#"{"": {"entityTypes": {}, "actions": {}, "annotations": {"a": ""}}}"#, "the namespace without a name"),
      (#"{"A :: B": {"entityTypes": {}, "actions": {}}}"#, "is not the name of a namespace"),
      (#"{"N::__cedar": {"entityTypes": {}, "actions": {}}}"#, "`__cedar` is reserved"),
      (#"{"": {"entityTypes": {"A": {}, "A": {}}, "actions": {}}}"#, "the key `A` is there twice"),
      (#"{"": {"entityTypes": {"A": null}, "actions": {}}}"#, "an entity type is an object, not null"),
      (#"{"": {"entityTypes": {"A::B": {}}, "actions": {}}}"#, "`A::B` is not the name of an entity type"),
      (#"{"": {"entityTypes": {"A": {"enum": []}}, "actions": {}}}"#, "`enum` has no ids"),
      (#"{"": {"entityTypes": {"A": {"enum": ["a"], "shape": {}}}, "actions": {}}}"#, "can't have `shape`"),
      (#"{"": {"entityTypes": {"A": {"shape": {"type": "Long"}}}, "actions": {}}}"#, "the shape of `A` is no record"),
      (#"{"": {"entityTypes": {}, "actions": {"a": {"attributes": {}}}}}"#, "actions have no attributes"),
      (#"{"": {"entityTypes": {}, "actions": {"a": {"appliesTo": {"principalTypes": []}}}}}"#, "lacks `resourceTypes`"),
      (#"{"": {"entityTypes": {}, "actions": {"a": {"memberOf": ["b"]}}}}"#, "a member of `memberOf` is an object"),
      (#"{"": {"entityTypes": {}, "actions": {"a": {"memberOf": [{"id": "b"}]}}}}"#, "`Action::\"b\"` is not declared"),
      (#"{"": {"commonTypes": {"Long": {"type": "Long"}}, "entityTypes": {}, "actions": {}}}"#, "can't be the name"),
    ])
  func refuses(_ json: String, _ message: String) throws {
    let error = try #require(Schemas.jsonError(json))
    #expect(error.contains(message), "\(error)")
    #expect(error.hasPrefix("1:"), "\(error)")
  }
}
