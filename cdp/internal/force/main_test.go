package force

import (
	"testing"

	"sessdriver/cdp/internal/wire/wiretest"
)

func TestMain(m *testing.M) { wiretest.Main(m) }
