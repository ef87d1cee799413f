/// Sequences that are not UTF-8, each for a reason of its own (Unicode chapter 3, table 3-7).
enum InvalidUTF8 {
    static let samples = [
        "80",  // a continuation byte alone
        "bf",
        "c0af",  // overlong in two bytes
        "c1bf",
        "c320",  // a continuation byte missing
        "e08080",  // overlong in three
        "e09fbf",
        "e28220",
        "eda080",  // the first surrogate
        "edbfbf",  // the last one
        "f0808080",  // overlong in four
        "f08fbfbf",
        "f09f9820",
        "f4908080",  // above U+10FFFF
        "f5808080",
        "fe",
        "ff",
    ]
}
