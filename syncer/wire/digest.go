package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/shelfd/shelfd/store"
)

const (
	digestPrefix = "sha-256=:"
	digestLength = len(digestPrefix) + 44 + 1
)

// Digest gives the Content-Digest of a body (RFC 9530, section 2).
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	b := append(make([]byte, 0, digestLength), digestPrefix...)
	return string(append(base64.StdEncoding.AppendEncode(b, sum[:]), ':'))
}

// digestFits tells whether one of the digests in the headers is that of the
// body. Other algorithms may stand beside it.
func digestFits(h http.Header, body []byte) bool {
	want := Digest(body)
	for one := range strings.SplitSeq(strings.Join(h.Values(HeaderDigest), ","), ",") {
		if strings.TrimSpace(one) == want {
			return true
		}
	}
	return false
}

func appendHash(b []byte, h store.Hash) []byte { return hex.AppendEncode(b, h[:]) }

// parseHash reads lower-case hex.
func parseHash(s string) (h store.Hash, ok bool) {
	if len(s) != hex.EncodedLen(len(h)) || strings.ToLower(s) != s {
		return store.Hash{}, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}

// next is store.Hash.Next with a buffer to use again.
func next(h store.Hash, canonical, scratch []byte) (store.Hash, []byte) {
	scratch = append(append(scratch[:0], h[:]...), canonical...)
	return sha256.Sum256(scratch), scratch
}
