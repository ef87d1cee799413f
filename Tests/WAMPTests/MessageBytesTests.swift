import Testing
import WAMP

// One message of every type, with bytes that Python's msgpack and cbor2 have written: the router reads what others
// write, and writes what others read.

@Suite struct MessageBytesTests {
    static let messages: [(json: String, messagePack: String, cbor: String)] = [
        (
            #"[1,"realm7",{"roles":{"callee":{}},"authid":"anna"}]"#,
            "9301a67265616c6d3782a5726f6c657381a663616c6c656580a6617574686964a4616e6e61",
            "8301667265616c6d37a265726f6c6573a16663616c6c6565a06661757468696464616e6e61"
        ),
        (
            #"[2,8007199254740991,{"realm":"realm7"}]"#,
            "9302cf001c72815b397fff81a57265616c6da67265616c6d37",
            "83021b001c72815b397fffa1657265616c6d667265616c6d37"
        ),
        (
            #"[3,{"message":"no"},"wamp.error.no_such_realm"]"#,
            "930381a76d657373616765a26e6fb877616d702e6572726f722e6e6f5f737563685f7265616c6d",
            "8303a1676d657373616765626e6f781877616d702e6572726f722e6e6f5f737563685f7265616c6d"
        ),
        (
            #"[4,"ticket",{}]"#,
            "9304a67469636b657480",
            "8304667469636b6574a0"
        ),
        (
            #"[5,"s3cret",{"n":1}]"#,
            "9305a673336372657481a16e01",
            "830566733363726574a1616e01"
        ),
        (
            #"[6,{},"wamp.close.goodbye_and_out"]"#,
            "930680ba77616d702e636c6f73652e676f6f646279655f616e645f6f7574",
            "8306a0781a77616d702e636c6f73652e676f6f646279655f616e645f6f7574"
        ),
        (
            #"[8,48,3,{},"org.example.error.hot",[81.5],{"unit":"°C"}]"#,
            "9708300380b56f72672e6578616d706c652e6572726f722e686f7491cb405460000000000081a4756e6974a3c2b043",
            "8708183003a0756f72672e6578616d706c652e6572726f722e686f7481fb4054600000000000a164756e697463c2b043"
        ),
        (
            #"[16,1,{"acknowledge":true},"org.example.oven",[21,null]]"#,
            "95100181ab61636b6e6f776c65646765c3b06f72672e6578616d706c652e6f76656e9215c0",
            "851001a16b61636b6e6f776c65646765f5706f72672e6578616d706c652e6f76656e8215f6"
        ),
        (
            #"[17,1,4503599627370497]"#,
            "931101cf0010000000000001",
            "8311011b0010000000000001"
        ),
        (
            #"[32,2,{"match":"prefix"},"org.example."]"#,
            "94200281a56d61746368a6707265666978ac6f72672e6578616d706c652e",
            "84182002a1656d61746368667072656669786c6f72672e6578616d706c652e"
        ),
        (
            #"[33,2,300]"#,
            "932102cd012c",
            "8318210219012c"
        ),
        (
            #"[34,3,300]"#,
            "932203cd012c",
            "8318220319012c"
        ),
        (
            #"[35,3]"#,
            "922303",
            "82182303"
        ),
        (
            #"[36,300,4503599627370497,{"topic":"org.example.oven"},[false],{"k":[1,-2]}]"#,
            "9624cd012ccf001000000000000181a5746f706963b06f72672e6578616d706c652e6f76656e91c281a16b9201fe",
            "86182419012c1b0010000000000001a165746f706963706f72672e6578616d706c652e6f76656e81f4a1616b820121"
        ),
        (
            #"[48,4,{"receive_progress":true},"org.example.add",[],{"a":-1}]"#,
            "96300481b0726563656976655f70726f6772657373c3af6f72672e6578616d706c652e6164649081a161ff",
            "86183004a170726563656976655f70726f6772657373f56f6f72672e6578616d706c652e61646480a1616120"
        ),
        (
            #"[49,4,{"mode":"kill"}]"#,
            "93310481a46d6f6465a46b696c6c",
            "83183104a1646d6f6465646b696c6c"
        ),
        (
            #"[50,4,{"progress":true},["\u0000AP8="]]"#,
            "94320481a870726f6772657373c391c40200ff",
            "84183204a16870726f6772657373f5814200ff"
        ),
        (
            #"[64,5,{"invoke":"roundrobin"},"org.example.add"]"#,
            "94400581a6696e766f6b65aa726f756e64726f62696eaf6f72672e6578616d706c652e616464",
            "84184005a166696e766f6b656a726f756e64726f62696e6f6f72672e6578616d706c652e616464"
        ),
        (
            #"[65,5,70000]"#,
            "934105ce00011170",
            "831841051a00011170"
        ),
        (
            #"[66,6,70000]"#,
            "934206ce00011170",
            "831842061a00011170"
        ),
        (
            #"[67,6]"#,
            "924306",
            "82184306"
        ),
        (
            #"[68,1,70000,{},["ä\n\"",1e-07]]"#,
            "954401ce000111708092a4c3a40a22cb3e7ad7f29abcaf48",
            "851844011a00011170a08264c3a40a22fb3e7ad7f29abcaf48"
        ),
        (
            #"[69,1,{"mode":"killnowait"}]"#,
            "93450181a46d6f6465aa6b696c6c6e6f77616974",
            "83184501a1646d6f64656a6b696c6c6e6f77616974"
        ),
        (
            #"[70,1,{},[[],{},18446744073709551615,-9223372036854775808]]"#,
            "94460180949080cfffffffffffffffffd38000000000000000",
            "84184601a08480a01bffffffffffffffff3b7fffffffffffffff"
        ),
    ]

    @Test(arguments: messages)
    func `every message is one value in three serializers`(_ json: String, _ messagePack: String, _ cbor: String) throws
    {
        let value = try Value.decode([UInt8](json: json), .json)
        #expect(try Value.decode([UInt8](hex: messagePack), .messagePack) == value)
        #expect(try Value.decode([UInt8](hex: cbor), .cbor) == value)
        // From each to each, without a value in between. The order of keys stays.
        let spoken: [(Serializer, [UInt8])] = [
            (.json, [UInt8](json: json)), (.messagePack, [UInt8](hex: messagePack)), (.cbor, [UInt8](hex: cbor)),
        ]
        for (source, bytes) in spoken {
            for (target, expected) in spoken where target != .json || source != .json {
                #expect(try TranscoderTests.transcode(bytes, source, target) == expected)
            }
        }
    }

    @Test(arguments: messages)
    func `its head is the same in all of them`(_ json: String, _ messagePack: String, _ cbor: String) throws {
        let type = try Value.decode([UInt8](json: json), .json).list?.first?.integer
        for (serializer, bytes) in [
            (Serializer.json, [UInt8](json: json)), (.messagePack, [UInt8](hex: messagePack)),
            (.cbor, [UInt8](hex: cbor)),
        ] {
            let head = try MessageHead.decode(bytes.span, serializer)
            #expect(Int64(head.type.rawValue) == type)
        }
    }
}
