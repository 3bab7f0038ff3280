package wire

// The paths of the protocol. The version is part of them.
const (
	// PathEnroll takes a one-time code and gives a key: POST Enrolment.
	PathEnroll = "/sync/v1/enroll"
	// PathCursor tells where central stands: GET.
	PathCursor = "/sync/v1/cursor"
	// PathEntries takes a batch (POST) and gives one back (GET).
	PathEntries = "/sync/v1/entries"
	// PathCompare compares the folded state: POST Compare.
	PathCompare = "/sync/v1/compare"
	// PathCommands gives what head office wants done: GET, a long poll.
	PathCommands = "/sync/v1/commands"
)

// The query parameters of the protocol.
const (
	// ParamAt asks the cursor for the hash at a position of a stream.
	ParamAt = "at"
	// ParamEpoch and ParamAfter say which entries to give back.
	ParamEpoch = "epoch"
	ParamAfter = "after"
	// ParamLimit bounds how many entries or commands come.
	ParamLimit = "limit"
	// ParamWait is how many seconds a long poll may take, at most MaxWait.
	ParamWait = "wait"
)

// The headers of the protocol.
const (
	// HeaderEpoch, HeaderFirst and HeaderPrevious place a batch: its stream
	// epoch, the seq of its first entry and the hash of the entry before.
	HeaderEpoch    = "Sync-Epoch"
	HeaderFirst    = "Sync-First-Seq"
	HeaderPrevious = "Sync-Previous-Hash"
	// HeaderBranch is the last entry that the stream of an epoch above 1 shares
	// with an earlier one, "<epoch>-<seq>"; on every batch of such a stream,
	// absent when it shares none.
	HeaderBranch = "Sync-Branch"
	// HeaderHead, HeaderVersion, HeaderLowStock and HeaderTime are the Health.
	HeaderHead     = "Sync-Head"
	HeaderVersion  = "Sync-Program"
	HeaderLowStock = "Sync-Low-Stock"
	HeaderTime     = "Sync-Time"
	// HeaderDigest is the SHA-256 of a body as it travels (RFC 9530).
	HeaderDigest = "Content-Digest"
)

// The media types of the protocol.
const (
	// TypeBatch is a batch: lines of JSON, compressed with zstd as a whole.
	TypeBatch = "application/vnd.shelfd.entries+zstd"
	// TypeJSON is every other message, TypeProblem a refusal (RFC 9457).
	TypeJSON    = "application/json"
	TypeProblem = "application/problem+json"
)

// What a receiver refuses, however it is asked.
const (
	// MaxEntries is how many entries a batch has.
	MaxEntries = 1000
	// MaxEntryLine is the length of an entry's line, four times what version 1
	// writes: a newer program may write more.
	MaxEntryLine = 64 << 10
	// MaxBesideLine is the length of a line beside an entry.
	MaxBesideLine = 8 << 20
	// MaxBody is the length of a batch as it travels, MaxBatch decompressed.
	MaxBody  = 4 << 20
	MaxBatch = 16 << 20
	// MaxWindow is the memory that decompressing may ask for.
	MaxWindow = 8 << 20
	// MaxQuestion is the length of any other message of a store, MaxMessage of
	// any other answer.
	MaxQuestion = 64 << 10
	MaxMessage  = 4 << 20
	// MaxWait is the longest long poll in seconds.
	MaxWait = 55
	// MaxCommands is how many commands an answer has.
	MaxCommands = 100
)

// Limits are what a sender aims at: entries in a batch and its bytes as it
// travels. A single entry may be larger.
type Limits struct {
	Entries int `json:"entries"`
	Bytes   int `json:"bytes"`
}

// DefaultLimits are those of a central that says nothing else.
var DefaultLimits = Limits{Entries: MaxEntries, Bytes: 256 << 10}
