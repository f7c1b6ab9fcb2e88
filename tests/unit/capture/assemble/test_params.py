from transom.capture.assemble.params import read_params, read_tools


def test_names_and_nested_settings():
    request = {
        "temperature": 0.2,
        "max_output_tokens": 10,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "schema": {}}, "verbosity": "low"},
        "tool_choice": "required",
        "k": 3,
        "random_seed": 4,
        "parallel_tool_calls": False,
        "service_tier": "flex",
        "messages": [],
    }
    assert read_params(request) == {
        "temperature": 0.2,
        "max_output_tokens": 10,
        "reasoning_effort": "low",
        "response_format": "json_schema",
        "verbosity": "low",
        "tool_choice": "required",
        "top_k": 3,
        "seed": 4,
        "parallel_tool_calls": False,
        "service_tier": "flex",
    }


def test_only_plain_settings_are_kept():
    request = {"temperature": {"x": 1}, "stop": ["a" * 1000], "seed": None, "n": [1], "top_p": "x" * 1000, "user": "u"}
    assert read_params(request) == {}


def test_legacy_function_call_and_formats():
    assert read_params({"function_call": {"name": "f"}, "response_format": "json"}) == {
        "tool_choice": "f",
        "response_format": "json",
    }


def test_tools_of_every_provider():
    schema = {"type": "object"}
    tools = [
        {"type": "function", "function": {"name": "a", "description": "d", "parameters": schema}},
        {"type": "function", "name": "b", "parameters": schema, "strict": True},
        {"name": "c", "input_schema": schema},
        {"name": "d", "parameter_definitions": schema},
        {"type": "web_search_preview", "search_context_size": "low"},
        {"type": "custom", "custom": {"name": "e"}},
        "junk",
    ]
    assert [(tool["name"], tool["description"], tool["parameters"]) for tool in read_tools({"tools": tools})] == [
        ("a", "d", schema),
        ("b", None, schema),
        ("c", None, schema),
        ("d", None, schema),
        ("web_search_preview", None, {"search_context_size": "low"}),
        ("e", None, None),
    ]
