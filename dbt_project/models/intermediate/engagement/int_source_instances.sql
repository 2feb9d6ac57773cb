with final as (

    {%- for item in var('instances') %}
    select
        cast('{{ item.source }}' as string) as source,
        cast('{{ item.instance }}' as string) as instance
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select * from final
