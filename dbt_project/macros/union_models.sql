{#- One select per model over the same columns (name → type), cast, so that a list of none is an empty, typed table. The caller
    writes every ref literally: that is what makes it a dependency. -#}
{% macro union_models(models, columns) -%}
    {%- for model in models %}
    select
        {%- for name, type in columns.items() %}
        cast({{ name }} as {{ type }}) as {{ name }},
        {%- endfor %}
        '{{ model.identifier }}' as model_name
    from {{ model }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ type }}) as {{ name }},
        {%- endfor %}
        cast(null as string) as model_name,
    where false
    {%- endfor %}
{%- endmacro %}
