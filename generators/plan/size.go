package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// bytes is the number of bytes in a #Size. Units are binary: 1KB is 1024 bytes.
func bytes(size string) (int64, error) {
	digits := strings.TrimRight(size, "BKMGT")
	shift, ok := map[string]uint{"B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40}[size[len(digits):]]
	n, err := strconv.ParseFloat(digits, 64)
	if n = math.Round(n * float64(uint64(1)<<shift)); !ok || err != nil || n < 1 || n > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size between one byte and 4194304TB", size)
	}
	return int64(n), nil
}

// duration is the time in a #Duration; the schema has checked its form.
func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}
