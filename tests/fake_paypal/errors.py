"""PayPal's errors, with the names, messages and texts of its specifications."""

# by status: name and message
NAMES = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid "
        "authentication credentials.",
    ),
    403: (
        "NOT_AUTHORIZED",
        "Authorization failed due to insufficient permissions.",
    ),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: (
        "RESOURCE_CONFLICT",
        "The server has detected a conflict while processing this request.",
    ),
    415: (
        "UNSUPPORTED_MEDIA_TYPE",
        "The server does not support the request payload's media type.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or "
        "failed business validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}


class PayPalError(Exception):
    """An answer that is no success. The texts of an issue come from the specification
    of its operation, where the specifications are there (specs.describe)."""

    def __init__(self, status, issue=None, field=None, name=None, **more):
        super().__init__(f"{status} {issue or ''}".strip())
        self.status = status
        self.issue = issue
        self.field = field
        self.name = name
        self.headers = more.pop("headers", {})
        self.description = more.pop("description", None)
        self.links = more.pop("links", None)

    def body(self, debug_id, description=None):
        name, message = NAMES.get(self.status, NAMES[500])
        answer = {
            "name": self.name or name,
            "message": message,
            "debug_id": debug_id,
        }
        if self.issue:
            detail = {"issue": self.issue}
            description = self.description or description
            if description:
                detail["description"] = description
            if self.field:
                detail["field"] = self.field
                detail["location"] = "body"
            answer["details"] = [detail]
        if self.links:
            answer["links"] = self.links
        return answer


def unprocessable(issue, field=None, **more):
    return PayPalError(422, issue, field, **more)


def not_found():
    return PayPalError(404, "INVALID_RESOURCE_ID")
