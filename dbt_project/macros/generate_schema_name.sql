{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The folder's schema as it stands: the same names on every machine and every engine. -#}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
