package salesforcetest

import (
	"encoding/json"
	"io"
	"net/http"
)

// answer is what the org says.
type answer struct {
	status      int
	contentType string
	usage       string
	body        string
	// acted says that something was written.
	acted bool
}

func (a answer) write(w http.ResponseWriter) {
	if a.usage != "" {
		w.Header().Set("Sforce-Limit-Info", a.usage)
	}
	if a.contentType == "" {
		a.contentType = "application/json;charset=UTF-8"
	}
	w.Header().Set("Content-Type", a.contentType)
	w.WriteHeader(a.status)
	if a.body != "" {
		_, _ = io.WriteString(w, a.body)
	}
}

func jsonAnswer(status int, body any) answer {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return answer{status: status, body: string(encoded)}
}

// problem is an error of the platform's. A whole request's has an errorCode, a
// record's in a result a statusCode.
type problem struct {
	Message    string   `json:"message"`
	ErrorCode  string   `json:"errorCode,omitempty"`
	StatusCode string   `json:"statusCode,omitempty"`
	Fields     []string `json:"fields,omitempty"`
}

func failure(status int, code, message string, fields ...string) answer {
	return jsonAnswer(status, []problem{{Message: message, ErrorCode: code, Fields: fields}})
}

// result is what became of one record.
type result struct {
	ID      string        `json:"id,omitempty"`
	Success bool          `json:"success"`
	Errors  []resultFault `json:"errors"`
	Created *bool         `json:"created,omitempty"`
}

type resultFault struct {
	StatusCode string   `json:"statusCode"`
	Message    string   `json:"message"`
	Fields     []string `json:"fields"`
}

func (p *problem) result() result {
	return result{Errors: []resultFault{{StatusCode: p.ErrorCode, Message: p.Message, Fields: append([]string{}, p.Fields...)}}}
}

func (p *problem) answer() answer {
	return failure(http.StatusBadRequest, p.ErrorCode, p.Message, p.Fields...)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = connection.Close()
}
