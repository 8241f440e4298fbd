import FoundationEssentials
import Testing

/// Tokens signed by another program (Python's hmac) with the secret `0123456789abcdef0123456789abcdef`.
struct ForeignToken: Sendable, CustomTestStringConvertible {
    let name: String
    let header: String
    let payload: String
    let signature: String

    var testDescription: String { name }

    var token: String {
        "\(Self.base64URL(header)).\(Self.base64URL(payload)).\(signature)"
    }

    static func base64URL(_ text: String) -> String {
        let base64 = Data(text.utf8).base64EncodedString()
        return String(base64.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    private static let plainHeader = #"{"alg":"HS256","typ":"JWT"}"#
    private static let plainPayload =
        #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1767877200}"#

    static let good = [
        ForeignToken(
            name: "valid",
            header: plainHeader,
            payload: plainPayload,
            signature: "lH7cSQYmV28JvwEMjE-6LfWvZDVB0YdS8lqaV-kTOSY"
        ),
        ForeignToken(
            name: "fractional times",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600.25,"exp":1767877200.5}"#,
            signature: "bgm4tlR69Ng2RnrycL1-3UXqgAkGKriRwXN_KChq30I"
        ),
    ]

    static let bad = [
        ForeignToken(
            name: "HS384",
            header: #"{"alg":"HS384","typ":"JWT"}"#,
            payload: plainPayload,
            signature: "ogxr7nQfnw4us_Gb4ltimslrkfxErf5Ibr-thUQoKdo68I7TIR7rMBnv7Hq0W7mv"
        ),
        ForeignToken(
            name: "HS512",
            header: #"{"alg":"HS512","typ":"JWT"}"#,
            payload: plainPayload,
            signature: "FjL6Ii6q6iTuCdhI3G1XPWgLGvL39kqnw2TrdEvo14LO5Y_SwWJ2ZhAQATAcETBWq1_iyjJIZW6VJ9dHGu1ekg"
        ),
        ForeignToken(
            name: "HS384 in the header, HS256 in truth",
            header: #"{"alg":"HS384","typ":"JWT"}"#,
            payload: plainPayload,
            signature: "fc1cXYuXZajLHr2M8j3FluGPSHnWPMOHuUV2Pqkg_Eo"
        ),
        ForeignToken(
            name: "none in the header, HS256 in truth",
            header: #"{"alg":"none"}"#,
            payload: plainPayload,
            signature: "_MT5HMz6abLhY95HIHCOjqzyWz8CouVCVd3fdGQbt10"
        ),
        ForeignToken(
            name: "no algorithm",
            header: #"{"typ":"JWT"}"#,
            payload: plainPayload,
            signature: "BMlBvVlxZac7iW0CkaHUhM0ZFF6r413VFE8rE0C0zko"
        ),
        ForeignToken(
            name: "a key id",
            header: #"{"alg":"HS256","kid":"1"}"#,
            payload: plainPayload,
            signature: "aCsd85upIaPrapxl8dxTTIqlmBbzGb9i4epAjGvCiSA"
        ),
        ForeignToken(
            name: "a critical extension",
            header: #"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            payload: plainPayload,
            signature: "27IIHY9Ey4S8uRZzLsEOSm_ie2PIL8qrjqVMu2AECDM"
        ),
        ForeignToken(
            name: "no subject",
            header: plainHeader,
            payload:
                #"{"sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1767877200}"#,
            signature: "kRaGN2Cr2D4yhQq7BOY8fw1dHNm0MnUh-MxLztTjPnM"
        ),
        ForeignToken(
            name: "no session",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","role":"admin","iat":1767873600,"exp":1767877200}"#,
            signature: "K3mgYAgcNwSl2tk3w3wmLw2z6tAZlotO9CLK8Ya9Kvc"
        ),
        ForeignToken(
            name: "no role",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","iat":1767873600,"exp":1767877200}"#,
            signature: "d3P8JEwcHquMODocmrXqHSKE2OcKnoeUVZFTQhM2AG8"
        ),
        ForeignToken(
            name: "no time of issue",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","exp":1767877200}"#,
            signature: "hOR2Q0n4bDD_Liu9Y01yJE-eeRcPu2n79_K0CKHnlPo"
        ),
        ForeignToken(
            name: "no expiry",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600}"#,
            signature: "4Q3eRCoSfUuEHvr5T1NKEXn31zXMJt_8ZyrLthn8Bdw"
        ),
        ForeignToken(
            name: "expiry as text",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":"1767877200"}"#,
            signature: "tfCtDbS-mH9egAmTaHPolPAj1rDUqImhxnomX7Ep-cE"
        ),
        ForeignToken(
            name: "expiry null",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":null}"#,
            signature: "NjEdl6x2qf_u5pDtAQMLXOob8nLy5eu-JOGBBVP3fzE"
        ),
        ForeignToken(
            name: "expiry beyond all numbers",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1e300}"#,
            signature: "GPQHETf0jZUXKPqnDd8el7ZGsVQoKuRTc5A6FW9ylLk"
        ),
        ForeignToken(
            name: "expiry below zero",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":-1}"#,
            signature: "CuGohsRxix0kHDP0OmZjiT3qMzA6_2jNHNEU6wJZzK0"
        ),
        ForeignToken(
            name: "subject as number",
            header: plainHeader,
            payload:
                #"{"sub":1,"sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1767877200}"#,
            signature: "1HuWSpdHKnrYORA6m0TJVdphi-0ZYbKXw-Ax4Fr6mFU"
        ),
        ForeignToken(
            name: "subject no id",
            header: plainHeader,
            payload:
                #"{"sub":"root","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1767877200}"#,
            signature: "GmYlhQm2JiOohO5brhtisIb17IsE4Ww0XXsTy_w5jKc"
        ),
        ForeignToken(
            name: "subject in upper case",
            header: plainHeader,
            payload:
                #"{"sub":"A19BA000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"admin","iat":1767873600,"exp":1767877200}"#,
            signature: "UaVM-4XhQl-LfJsd3-3Q1gfs2KsGzG4y4umRofPonhs"
        ),
        ForeignToken(
            name: "unknown role",
            header: plainHeader,
            payload:
                #"{"sub":"019ba000-0000-7000-8000-000000000001","sid":"019ba000-0000-7000-8000-000000000002","role":"owner","iat":1767873600,"exp":1767877200}"#,
            signature: "Glp0H6s289yMRvqwY4PTZVGiRcw1K5JQ_XDo6YELats"
        ),
        ForeignToken(
            name: "a list for claims",
            header: plainHeader,
            payload:
                #"[1,2,3]"#,
            signature: "1UG8zrx7zXru00FC30J-hzbYZNCdVFErTMJeRefMPaA"
        ),
        ForeignToken(
            name: "no JSON for claims",
            header: plainHeader,
            payload:
                #"hello"#,
            signature: "1bcOJyVl778ASzRr5F_ou3qU53qYwDABDwZmwsLttY4"
        ),
    ]
}
