package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/shelfd/shelfd/store"
)

// limiter bounds how often each token may ask. It counts in monotonic time, so
// that a clock that is set changes nothing.
type limiter struct {
	perSecond float64
	burst     int
	clock     store.Clock
	policy    []string
	buckets   sync.Map // actor → *rate.Limiter
}

func newLimiter(perSecond float64, burst int, clock store.Clock) *limiter {
	window := math.Ceil(float64(burst) / perSecond)
	return &limiter{
		perSecond: perSecond, burst: burst, clock: clock,
		policy: []string{fmt.Sprintf(`"default";q=%d;w=%d`, burst, int(window))},
	}
}

// take lets one request through, or refuses it with rate_limited. The headers
// follow draft-ietf-httpapi-ratelimit-headers.
func (l *limiter) take(x *exchange) error {
	v, ok := l.buckets.Load(x.who.actor)
	if !ok {
		v, _ = l.buckets.LoadOrStore(x.who.actor, rate.NewLimiter(rate.Limit(l.perSecond), l.burst))
	}
	bucket := v.(*rate.Limiter)
	now := time.Unix(0, 0).Add(l.clock.Mono())
	allowed := bucket.AllowN(now, 1)
	left := max(0, bucket.TokensAt(now))
	header := x.Writer.Header()
	header["Ratelimit-Policy"] = l.policy
	header["Ratelimit"] = []string{remaining(int64(left), l.refill(left))}
	if allowed {
		return nil
	}
	wait := max(1, int(math.Ceil((1-left)/l.perSecond)))
	header["Retry-After"] = []string{strconv.Itoa(wait)}
	return &problem{status: http.StatusTooManyRequests, err: &store.Error{
		Code:    store.CodeRateLimited,
		Message: fmt.Sprintf("This token may ask %g times a second.", l.perSecond),
	}}
}

// refill is in how many seconds the bucket is full again.
func (l *limiter) refill(left float64) int64 {
	return int64(math.Ceil((float64(l.burst) - left) / l.perSecond))
}

func remaining(left, seconds int64) string {
	b := strconv.AppendInt(append(make([]byte, 0, 40), `"default";r=`...), left, 10)
	return string(strconv.AppendInt(append(b, ";t="...), seconds, 10))
}
