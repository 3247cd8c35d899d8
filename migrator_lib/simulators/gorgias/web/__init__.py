"""What every endpoint shares: the request as it is read, its checks, paging, and the OpenAPI document."""
